MODULE FRAME_7
  ! Frame 7: 1 seam
  ! first run: single step
  ! units: mm, deg, s, mm/s, deg/s, kg
  ! as planned: put the measured values here when they differ
  PERS tooldata t_torch:=[TRUE,[[50,0,350],[0.95371695,0,0.3007058,0]],[3.2,[20,0,100],[1,0,0,0],0,0,0]];
  PERS wobjdata w_part:=[FALSE,TRUE,"",[[1200,-400,600],[0.92387953,0,0,0.38268343]],[[0,0,0],[1,0,0,0]]];
  CONST speeddata vj30:=[2100,150,5000,1000];
  CONST speeddata vj50:=[3500,250,5000,1000];
  CONST speeddata v250:=[250,500,5000,1000];
  CONST speeddata v8:=[8,500,5000,1000];
  CONST jointtarget j_home:=[[0,-90,90,0,45,-170],[9E9,9E9,9E9,9E9,9E9,9E9]];
  CONST jointtarget j_seam_1_10:=[[8.59437,-81.40563,98.59437,8.59437,53.59437,-161.40563],[9E9,9E9,9E9,9E9,9E9,9E9]];
  CONST robtarget p_seam_1_20:=[[400,100,70],[0.6830127,-0.1830127,0.6830127,0.1830127],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]];
  CONST robtarget p_seam_1_30:=[[400,100,20],[0.6830127,-0.1830127,0.6830127,0.1830127],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]];
  CONST robtarget p_seam_1_40:=[[670,170,20],[0.6830127,-0.1830127,0.6830127,0.1830127],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]];
  CONST robtarget p_seam_1_50:=[[670,170,80],[0.6830127,-0.1830127,0.6830127,0.1830127],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]];

  PROC main()
    ! main
    ! safe start: the way to the first target must be free
    ConfJ\On;
    ConfL\Off;
    SingArea\Wrist;
    MoveAbsJ j_home,vj30,fine,t_torch\WObj:=w_part;
    SEAM_1;
    MoveAbsJ j_home,vj50,fine,t_torch\WObj:=w_part;
  ENDPROC

  PROC SEAM_1()
    ! seam 1: fillet a4, 320 mm, PB
    MoveAbsJ [[5.72958,-84.27042,95.72958,5.72958,50.72958,-164.27042],[9E9,9E9,9E9,9E9,9E9,9E9]],vj50,z5,t_torch\WObj:=w_part;
    MoveAbsJ j_seam_1_10,vj50,fine,t_torch\WObj:=w_part;
    MoveL p_seam_1_20,v250,fine,t_torch\WObj:=w_part;
    ! arc on: seam 1, 220 A, 24 V, wire 8 m/min
    ArcLStart p_seam_1_30,v100,sm2,wd2\Weave:=wv1,fine,t_torch\WObj:=w_part;
    ArcL [[600,100,20],[0.6830127,-0.1830127,0.6830127,0.1830127],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]],v8,sm2,wd2\Weave:=wv1,z1,t_torch\WObj:=w_part;
    ArcCEnd [[650,120,20],[0.6830127,-0.1830127,0.6830127,0.1830127],[0,0,-2,0],[9E9,9E9,9E9,9E9,9E9,9E9]],p_seam_1_40,v8,sm2,wd2\Weave:=wv1,fine,t_torch\WObj:=w_part;
    MoveL p_seam_1_50,v250,fine,t_torch\WObj:=w_part;
  ENDPROC
ENDMODULE
