import { spawnSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

export function hasProgram(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

/** A folder for some gigabytes: memory if there is enough, because otherwise the speed of the disk would be measured. */
export function findRoomyFolder(): string {
  const needed = 4e9;
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    return bavail * bsize > needed ? '/dev/shm' : tmpdir();
  } catch {
    return tmpdir();
  }
}
