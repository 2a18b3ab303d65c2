import type { Plugin } from 'esbuild';

/** Runs in the bundles: makes the class that a client's generator writes out. */
export const ERROR_CLASSES = `export const errorClass = (Base, shapeId, name, fault, ...members) => {
  const Made = class extends Base {
    name = name;
    $fault = fault;
    constructor(opts) {
      super({ name, $fault: fault, ...opts });
      Object.setPrototypeOf(this, Made.prototype);
      for (const member of members) this[member] = opts[member];
    }
  };
  if (shapeId) Made.shapeId = shapeId;
  return Made;
};`;

/** The module from which shortened error classes take it: see shortenErrors. */
export const errorClasses: Plugin = {
  name: 'error-classes',
  setup(build) {
    build.onResolve({ filter: /^error-classes$/ }, ({ path }) => ({ path, namespace: 'error-classes' }));
    build.onLoad({ filter: /./, namespace: 'error-classes' }, () => ({ contents: ERROR_CLASSES }));
  },
};
