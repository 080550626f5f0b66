/**
 * What the page knows of the files of a result folder; docs/plan_json.md and docs/recording.md have all of it.
 *
 * @typedef {{name: string, step: string, kind: "free"|"linear"|"follow"|"weld"|"wait", times_s: number[], brake_m: number[][], gripped: boolean,
 *   arc?: boolean, positioner_rad?: number[][],
 *   clearance_mm: number|null, closest: [string, string]|null}} Phase
 * @typedef {{level: "info"|"warning"|"error", code: string, step: string, message: string, remedy: string, data: Record<string, any>}} Finding
 * @typedef {{part: {name: string, material: string, thickness_mm: number}, cell: string, gripper: string, verified: boolean, cycle_time_s: number,
 *   brake_joints: string[], positioner_joints?: string[], bends: Record<string, any>[], phases: Phase[], findings: Finding[]}} Plan
 * @typedef {{language: string, cycle_time_s: number|null, files: string[], lines: [number, number, number, number][]}} ProgramTimes
 * @typedef {{cell: {name: string, title: string, logo?: string|null}, margin_mm: number, sight_mm: number,
 *   clearance: {times_s: number[], distance_mm: number[]}[], program: ProgramTimes|null}} Timeline
 * @typedef {{name: string, text: string}} TextFile
 * @typedef {{id: string, title: string, summary: Record<string, any>, plan: Plan|null, timeline: Timeline|null, recording: ArrayBuffer|null,
 *   programs: Record<string, TextFile[]>, times: Record<string, ProgramTimes>, own: string|null,
 *   fetchProgram: ((language: string) => Promise<TextFile[]>)|null, links: {name: string, url: string}[]}} Result
 */
export {};
