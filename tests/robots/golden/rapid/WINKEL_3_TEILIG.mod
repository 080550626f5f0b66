MODULE WINKEL_3_TEILIG
  ! Winkel: 1 bend
  ! first run: single step
  ! units: mm, deg, s, mm/s, deg/s, kg
  ! as planned: put the measured values here when they differ
  PERS tooldata t_gripper:=[TRUE,[[0,0,200],[0.70710678,0,0,0.70710678]],[6,[0,0,120],[1,0,0,0],0,0,0]];
  PERS wobjdata w_brake:=[FALSE,TRUE,"",[[1750,0,750],[0.70710678,0,0,-0.70710678]],[[0,0,0],[1,0,0,0]]];
  PERS loaddata ld_part:=[1.6,[0,-10,1],[1,0,0,0],0,0,0];
  CONST speeddata vj20:=[1400,100,5000,1000];
  CONST speeddata vj100:=[7000,500,5000,1000];
  CONST speeddata vj50:=[3500,250,5000,1000];
  CONST speeddata v350:=[350,500,5000,1000];
  CONST jointtarget j_home:=[[0,-90,90,0,45,-170],[9E9,9E9,9E9,9E9,9E9,9E9]];
  CONST jointtarget j_pick_10:=[[11.45916,-78.54084,101.45916,11.45916,56.45916,-158.54084],[9E9,9E9,9E9,9E9,9E9,9E9]];
  CONST robtarget p_pick_20:=[[100,-250,50.5],[0.1830127,-0.6830127,-0.6830127,-0.1830127],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]];
  CONST robtarget p_bend_1_10:=[[100,-250,150.5],[0.1830127,-0.6830127,-0.6830127,-0.1830127],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]];
  CONST robtarget p_retreat_from_pick_10:=[[100,-250,150.5],[0.1830127,-0.6830127,-0.6830127,-0.1830127],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]];
  VAR bool late:=FALSE;

  PROC main()
    ! main
    ! safe start: the way to the first target must be free
    ConfJ\On;
    ConfL\Off;
    SingArea\Wrist;
    MoveAbsJ j_home,vj20,fine,t_gripper\WObj:=w_brake;
    GripLoad load0;
    PICK;
    BEND_1;
    MoveAbsJ j_home,vj100,fine,t_gripper\WObj:=w_brake;
  ENDPROC

  PROC PICK()
    ! pick: the sheet (1 mm)
    ! approach
    MoveAbsJ [[5.72958,-84.27042,95.72958,5.72958,50.72958,-164.27042],[9E9,9E9,9E9,9E9,9E9,9E9]],vj50,z5,t_gripper\WObj:=w_brake;
    MoveAbsJ j_pick_10,vj50,fine,t_gripper\WObj:=w_brake;
    MoveL p_pick_20,v400,fine,t_gripper\WObj:=w_brake;
    SetDO doVacuum,1;
    WaitDI diPartHeld,1\MaxTime:=10\TimeFlag:=late;
    IF late THEN
      Fault "part-held=1 (diPartHeld) after 10 s";
      RETREAT_FROM_PICK;
      EXIT;
    ENDIF
    GripLoad ld_part;
    WaitTime 1.5;
  ENDPROC

  PROC BEND_1()
    ! bend 1: 90 deg
    SetGO goBend,1;
    WaitGI giEcho,1\MaxTime:=5\TimeFlag:=late;
    IF late THEN
      Fault "bend-number-echo=1 (giEcho) after 5 s";
      EXIT;
    ENDIF
    MoveL p_bend_1_10,v350,fine,t_gripper\WObj:=w_brake;
    SetDO doBendStart,1;
    MoveL [[100,-240,170.5],[0.1830127,-0.6830127,-0.6830127,-0.1830127],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]],v50\T:=0.4,z1,t_gripper\WObj:=w_brake;
    MoveL [[100,-230,180.5],[0.1830127,-0.6830127,-0.6830127,-0.1830127],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]],v50\T:=0.5,fine,t_gripper\WObj:=w_brake;
    WaitDI diOpen,1;
    SetDO doBendStart,0;
    GripLoad load0;
  ENDPROC

  PROC RETREAT_FROM_PICK()
    ! retreat from pick
    MoveL p_retreat_from_pick_10,v100,fine,t_gripper\WObj:=w_brake;
  ENDPROC

  PROC Fault(string what)
    ! a signal did not come: outputs safe, then the operator decides
    SetDO doBendStart,0;
    TPWrite what+" did not come";
    TPWrite "START runs the retreat, if there is one, and ends";
    Stop;
  ENDPROC
ENDMODULE
