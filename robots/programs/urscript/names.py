"""Words of URScript: keywords, the controller's own functions, and the parameters of those that mean something here. Shared by writer and reader.

Names and parameters as in Universal Robots' script manual for e-Series controllers (PolyScope 5).
"""

from __future__ import annotations

_KEYWORDS = """
    and break continue def elif else end enter_critical exit_critical False global halt if join kill local not or pause return run struct thread
    True while xor
"""
KEYWORDS = frozenset(_KEYWORDS.split())

SIGNATURES: dict[str, tuple[tuple[str, ...], int]] = {
    "movej": (("q", "a", "v", "t", "r"), 1),
    "movel": (("pose", "a", "v", "t", "r"), 1),
    "movep": (("pose", "a", "v", "r"), 1),
    "movec": (("pose_via", "pose_to", "a", "v", "r", "mode"), 2),
    "set_tcp": (("pose",), 1),
    "set_target_payload": (("m", "cog", "inertia", "transition_time"), 1),
    "set_payload": (("m", "cog"), 1),
    "set_standard_digital_out": (("n", "b"), 2),
    "set_configurable_digital_out": (("n", "b"), 2),
    "set_tool_digital_out": (("n", "b"), 2),
    "set_digital_out": (("n", "b"), 2),
    "get_standard_digital_in": (("n",), 1),
    "get_configurable_digital_in": (("n",), 1),
    "get_tool_digital_in": (("n",), 1),
    "get_digital_in": (("n",), 1),
    "get_standard_digital_out": (("n",), 1),
    "get_configurable_digital_out": (("n",), 1),
    "get_tool_digital_out": (("n",), 1),
    "get_digital_out": (("n",), 1),
    "write_output_integer_register": (("address", "value"), 2),
    "read_input_integer_register": (("address",), 1),
    "read_output_integer_register": (("address",), 1),
    "integer_to_binary_list": (("x",), 1),
    "binary_list_to_integer": (("l",), 1),
    "sleep": (("t",), 1),
    "sync": ((), 0),
    "textmsg": (("s1", "s2"), 1),
    "popup": (("s", "title", "warning", "error", "blocking"), 1),
    "get_inverse_kin": (("x", "qnear", "maxPositionError", "maxOrientationError", "tcp"), 1),
    "pose_trans": (("p_from", "p_from_to"), 2),
    "pose_add": (("p_1", "p_2"), 2),
    "pose_inv": (("p_from",), 1),
    "point_dist": (("p_from", "p_to"), 2),
    "d2r": (("d",), 1),
    "r2d": (("r",), 1),
    "sin": (("f",), 1),
    "cos": (("f",), 1),
    "tan": (("f",), 1),
    "asin": (("f",), 1),
    "acos": (("f",), 1),
    "atan": (("f",), 1),
    "atan2": (("x", "y"), 2),
    "sqrt": (("f",), 1),
    "floor": (("f",), 1),
    "ceil": (("f",), 1),
    "norm": (("a",), 1),
    "pow": (("base", "exponent"), 2),
}
"""Functions that the reader understands: their parameters in order, and how many must be given."""

_OTHERS = """
    conveyor_pulse_decode encoder_enable_pulse_decode encoder_enable_set_tick_count encoder_get_tick_count encoder_set_tick_count
    encoder_unwind_delta_tick_count end_force_mode end_freedrive_mode end_screw_driving end_teach_mode force_mode force_mode_set_damping
    force_mode_set_gain_scaling freedrive_mode get_conveyor_tick_count get_freedrive_status get_target_tcp_pose_along_path
    get_target_tcp_speed_along_path path_offset_disable path_offset_enable path_offset_get path_offset_set path_offset_set_alpha_filter
    path_offset_set_max_offset pause_on_error_code position_deviation_warning reset_revolution_counter screw_driving servoc servoj
    set_conveyor_tick_count set_pos set_safety_mode_transition_hardness speedj speedl stop_conveyor_tracking stopj stopl teach_mode
    tool_contact track_conveyor_circular track_conveyor_linear
    estimate_payload force get_actual_joint_positions get_actual_joint_positions_history get_actual_joint_speeds get_actual_tcp_pose
    get_actual_tcp_speed get_actual_tool_flange_pose get_base_acceleration get_controller_temp get_forward_kin get_gravity
    get_inverse_kin_has_solution get_joint_temp get_joint_torques get_steptime get_target_joint_positions get_target_joint_speeds
    get_target_payload get_target_payload_cog get_target_payload_inertia get_target_tcp_pose get_target_tcp_speed get_target_waypoint
    get_tcp_force get_tcp_offset get_tool_accelerometer_reading get_tool_current get_tool_temp high_holding_torque_disable
    high_holding_torque_enable is_steady is_within_safety_limits powerdown protective_stop set_base_acceleration set_gravity
    set_payload_cog set_payload_mass str_at str_cat str_empty str_find str_len str_sub time to_num to_str
    get_list_length interpolate_pose inv length pose_sub log make_list normalize pose_dist random rotvec2rpy rpy2rotvec size transpose
    wrench_trans
    enable_external_ft_sensor ft_rtde_input_enable get_analog_in get_analog_out get_flag get_standard_analog_in get_standard_analog_out
    get_tool_analog_in modbus_add_rw_signal modbus_add_signal modbus_delete_signal modbus_get_error modbus_get_signal_status
    modbus_send_custom_command modbus_set_digital_input_action modbus_set_output_register modbus_set_output_signal
    modbus_set_register_input_action modbus_set_signal_update_frequency modbus_set_signal_watchdog read_input_boolean_register
    read_input_float_register read_output_boolean_register read_output_float_register read_port_bit read_port_register rpc_factory
    rtde_set_watchdog set_analog_inputrange set_analog_out set_flag set_input_actions_to_default set_standard_analog_out
    set_tool_analog_input_domain set_tool_communication set_tool_digital_output_mode set_tool_output_mode set_tool_voltage
    set_standard_analog_input_domain set_analog_outputdomain set_runstate_standard_digital_output_to_value socket_close socket_get_var
    socket_open socket_read_ascii_float socket_read_binary_integer socket_read_byte_list socket_read_line socket_read_string
    socket_send_byte socket_send_int socket_send_line socket_send_string socket_set_var write_output_boolean_register
    write_output_float_register write_port_bit write_port_register zero_ftsensor
    set_standard_digital_input_action set_tool_digital_input_action set_configurable_digital_input_action
    modbus_set_runstate_dependent_choice set_runstate_gp_boolean_output_to_value set_runstate_tool_digital_output_to_value
    set_runstate_configurable_digital_output_to_value set_runstate_standard_analog_output_to_value
"""
FUNCTIONS = frozenset(SIGNATURES) | frozenset(_OTHERS.split())
"""Every function of the controller; those without a signature are known, but kept as text."""

DIGITAL = {
    "set_standard_digital_out": ("DO", 8),
    "set_configurable_digital_out": ("CO", 8),
    "set_tool_digital_out": ("TO", 2),
    "get_standard_digital_in": ("DI", 8),
    "get_configurable_digital_in": ("CI", 8),
    "get_tool_digital_in": ("TI", 2),
    "get_standard_digital_out": ("DO", 8),
    "get_configurable_digital_out": ("CO", 8),
    "get_tool_digital_out": ("TO", 2),
}
"""Function -> kind of line and how many there are. Addresses: `DO[3]`, `CI[5]`, `TO[1]`."""
REGISTERS = {"write_output_integer_register": "OR", "read_output_integer_register": "OR", "read_input_integer_register": "IR"}
"""Function -> kind of integer register; addresses `OR[24]`, `IR[24]`. 0..23 belong to the field bus, 24..47 to RTDE clients."""
REGISTER_COUNT = 48
DEFAULT_JOINT_SPEED = 3.141592653589793
"""Greatest speed of a joint when the robot model names none [rad/s]: the joints of UR3e to UR7e, the wrists of the larger ones."""
