// Node places of the recording at any moment: key frames sampled as glTF says, straight for shifts and on the great circle for turns.
import { Matrix4, Object3D } from "three";

export class Poses {
  /** @param {import("three").Object3D} scene @param {import("three").AnimationClip[]} clips */
  constructor(scene, clips) {
    /** @type {Map<string, Object3D>} */
    this.nodes = new Map();
    scene.traverse((node) => {
      if (node.userData.name && !this.nodes.has(node.userData.name)) this.nodes.set(node.userData.name, node);
    });
    this.cell = this.nodes.get("cell") ?? scene;
    const byTrack = new Map([...this.nodes.values()].map((node) => [node.name, node]));
    this.duration = Math.max(0, ...clips.map((clip) => clip.duration));
    this.tracks = clips.flatMap((clip) => clip.tracks).flatMap((track) => {
      const cut = track.name.lastIndexOf(".");
      const node = byTrack.get(track.name.slice(0, cut));
      const turns = track.name.slice(cut + 1) === "quaternion";
      if (!node) return [];
      return [{ sampler: /** @type {any} */ (track).createInterpolant(), target: turns ? node.quaternion : node.position, turns }];
    });
  }

  /** Sets every node to a moment. @param {number} time [s] */
  show(time) {
    for (const { sampler, target, turns } of this.tracks) {
      target.fromArray(sampler.evaluate(time));
      if (turns) /** @type {any} */ (target).normalize();
    }
    this.cell.updateMatrixWorld(true);
  }

  /** T_world_node as rows, in the cell's frame (z up), where it is shown now. @param {string} name @returns {number[][]|null} */
  place(name) {
    const node = this.nodes.get(name);
    if (!node) return null;
    const T = new Matrix4().copy(this.cell.matrixWorld).invert().multiply(node.matrixWorld).elements;
    return [0, 1, 2, 3].map((row) => [0, 1, 2, 3].map((column) => T[column * 4 + row]));
  }
}
