MODULE BRACKET
  ! bracket: 1 bends in bending-irb4600, made by Pliant
  ! gripper clamp-60; sheet mild-steel 3 mm, 0.42 kg, bottom face up on the stack
  ! base: middle of the brake's lower tool seat, x along the beam to the right, y to the back gauge, z up
  ! one part per run; the sheet is taken from the top of a full stack
  ! following is open loop in time: set the ram's bending speed as in the brake program, then prove the follow delay at low override
  ! first run: single step, reduced speed, no sheet
  ! tool and work object as planned: put the measured values here when they differ
  PERS tooldata tGripper:=[TRUE,[[0.0000,0.0000,200.0000],[1.00000000,0.00000000,0.00000000,0.00000000]],[3.500,[0.0,0.0,100.0],[1,0,0,0],0,0,0]];
  PERS wobjdata wCell:=[FALSE,TRUE,"",[[1750.0000,0.0000,750.0000],[0.70710678,0.00000000,0.00000000,-0.70710678]],[[0,0,0],[1,0,0,0]]];
  PERS loaddata ld_part_pick:=[0.422,[0.0,0.0,80.0],[1,0,0,0],0,0,0];
  PERS loaddata ld_part_after_bend_1:=[0.422,[0.0,20.7,60.7],[1,0,0,0],0,0,0];
  VAR bool bTimeout:=FALSE;

  PROC main()
    ConfL\Off;
    ConfJ\Off;
    SingArea\Wrist;
    ! start: nothing gripped, ram up
    SetDO doBendStart,0;
    SetDO doSheetInPlace,0;
    SetDO doRobotClear,1;
    MoveAbsJ [[0.0000,-20.0000,20.0000,0.0000,60.0000,0.0000],[9E9,9E9,9E9,9E9,9E9,9E9]],[1570.8,36.0,5000,1000],fine,tGripper\WObj:=wCell;
    GripLoad load0;
    WaitDI diPartHeld,0\MaxTime:=5.0\TimeFlag:=bTimeout;
    IF bTimeout THEN
      Fault "part-held is not 0 after 5 s";
      EXIT;
    ENDIF
    PICK;
    BEND_1;
    STACK;
    HOME;
  ENDPROC

  PROC PICK()
    ! pick
    ! approach
    MoveAbsJ [[-56.3674,28.2586,18.9971,116.0367,-112.0813,-127.5783],[9E9,9E9,9E9,9E9,9E9,9E9]],[7618.4,174.6,5000,1000],fine,tGripper\WObj:=wCell;
    ! reach
    MoveL [[1150.0000,-1420.0000,-48.5000],[0.00000000,0.00000000,0.70710678,-0.70710678],[-1,1,-2,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[400.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
    ! grip
    SetDO doClampClose,1;
    WaitDI diPartHeld,1\MaxTime:=10.0\TimeFlag:=bTimeout;
    IF bTimeout THEN
      Fault "part-held is not 1 after 10 s";
      RETREAT_FROM_PICK;
      EXIT;
    ENDIF
    GripLoad ld_part_pick;
    ! lift
    MoveL [[1150.0000,-1420.0000,101.5000],[0.00000000,0.00000000,0.70710678,-0.70710678],[-1,1,-2,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[400.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
  ENDPROC

  PROC BEND_1()
    ! bend 1: 90.0 deg, tool station 1, gauge X 80.00 mm, ram 12.0 mm/s
    ! travel
    MoveAbsJ [[0.0000,8.6266,36.9637,0.0003,-45.5903,89.9998],[9E9,9E9,9E9,9E9,9E9,9E9]],[7775.4,178.2,5000,1000],fine,tGripper\WObj:=wCell;
    ! insert
    SetGO goBendNumber,1;
    WaitGI giBendEcho,1\MaxTime:=5.0\TimeFlag:=bTimeout;
    IF bTimeout THEN
      Fault "bend-number-echo is not 1 after 5 s";
      EXIT;
    ENDIF
    WaitDI diBrakeReady,1\MaxTime:=10.0\TimeFlag:=bTimeout;
    IF bTimeout THEN
      Fault "brake-ready is not 1 after 10 s";
      EXIT;
    ENDIF
    WaitDI diGaugeInPos,1\MaxTime:=10.0\TimeFlag:=bTimeout;
    IF bTimeout THEN
      Fault "gauge-in-position is not 1 after 10 s";
      EXIT;
    ENDIF
    SetDO doRobotClear,0;
    MoveL [[0.0000,-88.0000,71.5000],[0.00000000,0.00000000,0.70710678,0.70710678],[0,0,0,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[350.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
    MoveL [[0.0000,-88.0000,61.5000],[0.00000000,0.00000000,-0.70710678,-0.70710678],[0,0,0,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[104.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
    ! gauge
    MoveL [[0.0000,-80.0000,61.5000],[0.00000000,0.00000000,0.70710678,0.70710678],[0,0,0,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[21.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
    ! close
    WaitDI diFingerLeft,1\MaxTime:=10.0\TimeFlag:=bTimeout;
    IF bTimeout THEN
      Fault "finger-left is not 1 after 10 s";
      RETREAT_BEFORE_BEND_1;
      EXIT;
    ENDIF
    WaitDI diFingerRight,1\MaxTime:=10.0\TimeFlag:=bTimeout;
    IF bTimeout THEN
      Fault "finger-right is not 1 after 10 s";
      RETREAT_BEFORE_BEND_1;
      EXIT;
    ENDIF
    SetDO doSheetInPlace,1;
    SetDO doBendStart,1;
    ! pinch
    ! follow
    WaitDI diPinchReached,1\MaxTime:=10.0\TimeFlag:=bTimeout;
    IF bTimeout THEN
      Fault "pinch-reached is not 1 after 10 s";
      RETREAT_BEFORE_BEND_1;
      EXIT;
    ENDIF
    MoveL [[0.0000,-80.0004,61.6815],[0.00000000,0.00000000,0.70807242,0.70613982],[0,0,0,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[6.4,180.0,5000,1000]\T:=0.0591,z1,tGripper\WObj:=wCell;
    MoveL [[0.0000,-79.9973,62.3013],[0.00000000,0.00000000,0.71135976,0.70282807],[0,0,0,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[19.3,180.0,5000,1000]\T:=0.0394,z1,tGripper\WObj:=wCell;
    MoveL [[0.0000,-79.9706,63.5495],[0.00000000,0.00000000,-0.71792846,-0.69611689],[0,0,0,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[36.0,180.0,5000,1000]\T:=0.0394,z1,tGripper\WObj:=wCell;
    MoveL [[0.0000,-79.8767,65.4650],[0.00000000,0.00000000,-0.72788125,-0.68570321],[0,0,0,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[52.7,180.0,5000,1000]\T:=0.0394,z1,tGripper\WObj:=wCell;
    MoveL [[0.0000,-79.4977,69.2842],[0.00000000,0.00000000,-0.74730259,-0.66448389],[0,0,0,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[69.4,180.0,5000,1000]\T:=0.0591,z1,tGripper\WObj:=wCell;
    MoveL [[0.0000,-77.7726,77.5756],[0.00000000,0.00000000,-0.78781642,-0.61591013],[0,0,0,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[71.9,180.0,5000,1000]\T:=0.1182,z1,tGripper\WObj:=wCell;
    MoveL [[0.0000,-74.8836,85.4760],[0.00000000,0.00000000,-0.82480141,-0.56542253],[0,0,0,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[71.8,180.0,5000,1000]\T:=0.1182,z1,tGripper\WObj:=wCell;
    MoveL [[0.0002,-71.0514,92.5884],[0.00000021,0.00000012,0.85722701,0.51493870],[0,0,0,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[69.9,180.0,5000,1000]\T:=0.1182,z1,tGripper\WObj:=wCell;
    MoveL [[0.0000,-66.6007,98.6443],[0.00000002,0.00000001,-0.88462433,-0.46630440],[0,-1,1,2],[9E9,9E9,9E9,9E9,9E9,9E9]],[65.9,180.0,5000,1000]\T:=0.1182,z1,tGripper\WObj:=wCell;
    MoveL [[0.0000,-61.8773,103.5353],[0.00000000,0.00000000,-0.90707287,-0.42097365],[0,-1,1,2],[9E9,9E9,9E9,9E9,9E9,9E9]],[60.2,180.0,5000,1000]\T:=0.1182,z1,tGripper\WObj:=wCell;
    MoveL [[0.0000,-59.5847,105.4891],[0.00000000,0.00000000,-0.91629015,-0.40051512],[0,-1,1,2],[9E9,9E9,9E9,9E9,9E9,9E9]],[53.6,180.0,5000,1000]\T:=0.0591,z1,tGripper\WObj:=wCell;
    MoveL [[0.0000,-57.8325,106.8254],[0.00000000,0.00000000,-0.92274845,-0.38540276],[0,-1,1,2],[9E9,9E9,9E9,9E9,9E9,9E9]],[43.1,180.0,5000,1000]\T:=0.0591,z1,tGripper\WObj:=wCell;
    MoveL [[0.0000,-57.1260,107.3283],[0.00000000,0.00000000,0.92522330,0.37942303],[0,-1,1,2],[9E9,9E9,9E9,9E9,9E9,9E9]],[25.1,180.0,5000,1000]\T:=0.0394,z1,tGripper\WObj:=wCell;
    MoveL [[0.0000,-56.7035,107.6195],[0.00000000,0.00000000,0.92666993,0.37587610],[0,-1,1,2],[9E9,9E9,9E9,9E9,9E9,9E9]],[13.3,180.0,5000,1000]\T:=0.0591,z1,tGripper\WObj:=wCell;
    MoveL [[0.0000,-56.7872,107.5624],[0.00000000,0.00000000,0.92638550,0.37657657],[0,-1,1,2],[9E9,9E9,9E9,9E9,9E9,9E9]],[5.0,180.0,5000,1000]\T:=0.4094,z1,tGripper\WObj:=wCell;
    MoveL [[0.0000,-57.5089,107.0583],[0.00000000,0.00000000,-0.92389105,-0.38265562],[0,-1,1,2],[9E9,9E9,9E9,9E9,9E9,9E9]],[5.0,180.0,5000,1000]\T:=0.3600,z1,tGripper\WObj:=wCell;
    MoveL [[0.0000,-57.5122,107.0559],[0.00000000,0.00000000,0.92387953,0.38268343],[0,-1,1,2],[9E9,9E9,9E9,9E9,9E9,9E9]],[5.0,180.0,5000,1000]\T:=0.0200,fine,tGripper\WObj:=wCell;
    WaitDI diBendDone,1\MaxTime:=10.0\TimeFlag:=bTimeout;
    IF bTimeout THEN
      Fault "bend-done is not 1 after 10 s";
      RETREAT_AFTER_BEND_1;
      EXIT;
    ENDIF
    ! open
    SetDO doBendStart,0;
    GripLoad ld_part_after_bend_1;
    SetDO doSheetInPlace,0;
    WaitDI diOpeningSafe,1\MaxTime:=10.0\TimeFlag:=bTimeout;
    IF bTimeout THEN
      Fault "opening-safe is not 1 after 10 s";
      RETREAT_AFTER_BEND_1;
      EXIT;
    ENDIF
    ! withdraw
    MoveL [[0.0000,-57.5122,152.0559],[0.00000000,0.00000000,-0.92387953,-0.38268343],[0,-1,1,2],[9E9,9E9,9E9,9E9,9E9,9E9]],[275.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
    MoveL [[0.0000,-256.2264,152.0559],[0.00000000,0.00000000,0.92387953,0.38268343],[0,-1,1,2],[9E9,9E9,9E9,9E9,9E9,9E9]],[350.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
    ! clear
    SetDO doRobotClear,1;
  ENDPROC

  PROC STACK()
    ! stack
    ! carry
    MoveAbsJ [[106.7833,51.5717,-25.9169,97.4395,-105.0873,26.6413],[9E9,9E9,9E9,9E9,9E9,9E9]],[7539.8,172.8,5000,1000],fine,tGripper\WObj:=wCell;
    ! put down
    MoveL [[-1743.6000,-1940.8689,-103.5000],[0.00000000,0.00000000,0.70710678,0.70710678],[1,1,0,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[400.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
    ! release
    SetDO doClampClose,0;
    WaitDI diPartHeld,0\MaxTime:=10.0\TimeFlag:=bTimeout;
    IF bTimeout THEN
      Fault "part-held is not 0 after 10 s";
      EXIT;
    ENDIF
    GripLoad load0;
    ! back off
    MoveL [[-1743.6000,-2040.8689,-103.5000],[0.00000000,0.00000000,0.70710678,0.70710678],[1,1,0,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[400.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
  ENDPROC

  PROC HOME()
    ! home
    ! home
    MoveAbsJ [[100.2815,53.6804,-29.8190,83.4375,-85.1084,22.4798],[9E9,9E9,9E9,9E9,9E9,9E9]],[5890.5,135.0,5000,1000],z5,tGripper\WObj:=wCell;
    MoveAbsJ [[0.0000,-20.0000,20.0000,0.0000,60.0000,0.0000],[9E9,9E9,9E9,9E9,9E9,9E9]],[5890.5,135.0,5000,1000],fine,tGripper\WObj:=wCell;
  ENDPROC

  PROC RETREAT_FROM_PICK()
    ! retreat from pick
    MoveL [[1150.0000,-1320.0000,-48.5000],[0.00000000,0.00000000,-0.70710678,0.70710678],[-1,1,-2,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[100.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
  ENDPROC

  PROC RETREAT_BEFORE_BEND_1()
    ! retreat before bend 1
    ! waits until the ram is up
    WaitDI diOpeningSafe,1;
    MoveL [[0.0000,-88.0000,61.5000],[0.00000000,0.00000000,-0.70710678,-0.70710678],[0,0,0,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[100.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
    MoveL [[0.0000,-88.0000,71.5000],[0.00000000,0.00000000,0.70710678,0.70710678],[0,0,0,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[100.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
    MoveL [[0.0000,-308.2000,71.5000],[0.00000000,0.00000000,-0.70710678,-0.70710678],[0,0,0,3],[9E9,9E9,9E9,9E9,9E9,9E9]],[100.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
    SetDO doRobotClear,1;
  ENDPROC

  PROC RETREAT_AFTER_BEND_1()
    ! retreat after bend 1
    ! waits until the ram is up
    WaitDI diOpeningSafe,1;
    MoveL [[0.0000,-57.5122,152.0559],[0.00000000,0.00000000,-0.92387953,-0.38268343],[0,-1,1,2],[9E9,9E9,9E9,9E9,9E9,9E9]],[100.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
    MoveL [[0.0000,-256.2264,152.0559],[0.00000000,0.00000000,0.92387953,0.38268343],[0,-1,1,2],[9E9,9E9,9E9,9E9,9E9,9E9]],[100.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
    SetDO doRobotClear,1;
  ENDPROC

  PROC Fault(string what)
    TPWrite "PLIANT: "+what;
    SetDO doBendStart,0;
    TPWrite "Start runs the retreat, then the program ends.";
    Stop;
  ENDPROC
ENDMODULE
