MODULE WINKEL_3_TEILIG
  ! Winkel: 1 bend
  ! first run: single step
  ! tool and work object as planned: put the measured values here when they differ
  PERS tooldata tGripper:=[TRUE,[[0.0000,0.0000,200.0000],[0.70710678,0.00000000,0.00000000,0.70710678]],[6.000,[0.0,0.0,120.0],[1,0,0,0],0,0,0]];
  PERS wobjdata wCell:=[FALSE,TRUE,"",[[1750.0000,0.0000,750.0000],[0.70710678,0.00000000,0.00000000,-0.70710678]],[[0,0,0],[1,0,0,0]]];
  PERS loaddata ld_part:=[1.600,[0.0,-10.0,1.0],[1,0,0,0],0,0,0];
  VAR bool bTimeout:=FALSE;

  PROC main()
    ConfL\Off;
    ConfJ\Off;
    SingArea\Wrist;
    MoveAbsJ [[0.0000,-90.0000,90.0000,0.0000,45.0000,-180.0000],[9E9,9E9,9E9,9E9,9E9,9E9]],[1570.8,36.0,5000,1000],fine,tGripper\WObj:=wCell;
    GripLoad load0;
    PICK;
    BEND_1;
    MoveAbsJ [[0.0000,-90.0000,90.0000,0.0000,45.0000,-180.0000],[9E9,9E9,9E9,9E9,9E9,9E9]],[7854.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
  ENDPROC

  PROC PICK()
    ! pick: the sheet (1 mm)
    ! approach
    MoveAbsJ [[5.7296,-84.2704,95.7296,5.7296,50.7296,-174.2704],[9E9,9E9,9E9,9E9,9E9,9E9]],[3927.0,90.0,5000,1000],z5,tGripper\WObj:=wCell;
    MoveAbsJ [[11.4592,-78.5408,101.4592,11.4592,56.4592,-168.5408],[9E9,9E9,9E9,9E9,9E9,9E9]],[3927.0,90.0,5000,1000],fine,tGripper\WObj:=wCell;
    MoveL [[100.0000,-250.0000,50.5000],[0.18301270,-0.68301270,-0.68301270,-0.18301270],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]],[400.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
    SetDO doVacuum,1;
    WaitDI diPartHeld,1\MaxTime:=10.0\TimeFlag:=bTimeout;
    IF bTimeout THEN
      Fault "part-held is not 1 after 10 s";
      RETREAT_FROM_PICK;
      EXIT;
    ENDIF
    GripLoad ld_part;
    WaitTime 1.50;
  ENDPROC

  PROC BEND_1()
    ! bend 1: 90 deg
    SetGO goBend,1;
    WaitGI giEcho,1\MaxTime:=5.0\TimeFlag:=bTimeout;
    IF bTimeout THEN
      Fault "bend-number-echo is not 1 after 5 s";
      EXIT;
    ENDIF
    MoveL [[100.0000,-250.0000,150.5000],[0.18301270,-0.68301270,-0.68301270,-0.18301270],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]],[350.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
    SetDO doBendStart,1;
    MoveL [[100.0000,-240.0000,170.5000],[0.18301270,-0.68301270,-0.68301270,-0.18301270],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]],[50.0,180.0,5000,1000]\T:=0.4000,z1,tGripper\WObj:=wCell;
    MoveL [[100.0000,-230.0000,180.5000],[0.18301270,-0.68301270,-0.68301270,-0.18301270],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]],[50.0,180.0,5000,1000]\T:=0.5000,fine,tGripper\WObj:=wCell;
    WaitDI diOpen,1;
    SetDO doBendStart,0;
    GripLoad load0;
  ENDPROC

  PROC RETREAT_FROM_PICK()
    ! retreat from pick
    MoveL [[100.0000,-250.0000,150.5000],[0.18301270,-0.68301270,-0.68301270,-0.18301270],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]],[100.0,180.0,5000,1000],fine,tGripper\WObj:=wCell;
  ENDPROC

  PROC Fault(string what)
    TPWrite "PLIANT: "+what;
    SetDO doBendStart,0;
    TPWrite "Start runs the retreat, then the program ends.";
    Stop;
  ENDPROC
ENDMODULE
