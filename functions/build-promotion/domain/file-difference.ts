/**
 * How one path of a build differs from the manifest. `unreadable`: hosts, which are other users, cannot read it. `setuid`: it
 * has a setuid, setgid or sticky bit. `mode`: other permissions than those it was stamped with.
 */
export interface FileDifference {
  readonly path: string;
  readonly kind:
    | 'changed'
    | 'extra'
    | 'linked'
    | 'missing'
    | 'mode'
    | 'owner'
    | 'setuid'
    | 'special'
    | 'unreadable';
}
