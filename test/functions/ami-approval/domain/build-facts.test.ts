import { describe, expect, it } from 'vitest';
import {
  describeChanges,
  factsOf,
  type Package,
} from '../../../../functions/ami-approval/domain/build-facts.ts';
import type { ImageBuild } from '../../../../functions/ami-approval/domain/image-build.ts';
import { sha256 } from '../../../../shared/hash.ts';
import { imageBuild } from '../builds.ts';

const OWNER = 'arn:aws:imagebuilder:eu-west-1:123456789012:component';
const PARENT = 'arn:aws:imagebuilder:eu-west-1:aws:image/amazon-linux-2023-x86';

function facts(
  more: Partial<ImageBuild> = {},
  packages: Readonly<Record<string, string>> = { openssl: '3.0.8' },
) {
  const build = imageBuild({
    recipe: 'web 1.0.0',
    parentImage: `${PARENT}/2026.11.1/1`,
    components: [`${OWNER}/nginx/1.0.2/1`],
    ...more,
  });
  return factsOf(
    build,
    Object.entries(packages).map(([name, version]) => ({ name, version })),
  );
}

describe('the changes between two builds', () => {
  it('are nothing for the same build', () => {
    expect(describeChanges(facts(), facts())).toEqual([
      'Nothing that is known: neither recipe, parent image, components nor packages',
    ]);
  });

  it('name the recipe, the parent image, components and packages', () => {
    const components = [`${OWNER}/nginx/1.0.3/1`, `${OWNER}/agent/2.0.0/1`];
    const before = facts(
      { components: [`${OWNER}/nginx/1.0.2/1`, `${OWNER}/chrony/1.1.0/1`] },
      { openssl: '3.0.8', zlib: '1.2', nano: '5' },
    );
    const after = facts(
      { recipe: 'web 1.1.0', parentImage: `${PARENT}/2026.11.20/1`, components },
      { openssl: '3.2.2', zlib: '1.2', curl: '8.5' },
    );
    expect(describeChanges(before, after)).toEqual([
      'Recipe: web 1.1.0, was web 1.0.0',
      'Parent image: amazon-linux-2023-x86/2026.11.20/1, was amazon-linux-2023-x86/2026.11.1/1',
      'Component nginx: 1.0.3/1, was 1.0.2/1',
      'Component added: agent 2.0.0/1',
      'Component removed: chrony 1.1.0/1',
      'Package openssl: 3.2.2, was 3.0.8',
      'Package added: curl 8.5',
      'Package removed: nano 5',
    ]);
  });

  it('tell several versions of one package apart', () => {
    const kernels = (...versions: string[]): Package[] =>
      versions.map((version) => ({ name: 'kernel', version }));
    const before = factsOf(imageBuild(), kernels('6.1.1', '6.1.2'));
    const after = factsOf(imageBuild(), kernels('6.1.2', '6.1.3'));
    expect(describeChanges(before, after)).toEqual(['Package kernel: 6.1.2 and 6.1.3, was 6.1.1 and 6.1.2']);
  });

  it('say what could not be compared', () => {
    const open = {
      parentImage: `${PARENT}/x.x.x`,
      components: [`${OWNER}/nginx/1.x.x`, `${OWNER}/agent-x86/2.0.0/1`],
    };
    expect(describeChanges(facts(open, {}), facts(open, {}))).toEqual([
      'Packages: not known for this build',
      'Not compared, because x means the newest version: amazon-linux-2023-x86/x.x.x, nginx/1.x.x',
    ]);
    expect(describeChanges(facts({}, {}), facts())).toEqual(['Packages: not known for the approved build']);
  });

  it('stay short enough for a record and a mail', () => {
    const many = (version: string): Record<string, string> =>
      Object.fromEntries(
        Array.from({ length: 3000 }, (_, i) => [`package-${i}-${'x'.repeat(300)}`, version]),
      );
    const [before, after] = [facts({}, many('1')), facts({}, many('2'))];
    expect(JSON.stringify(after).length).toBeLessThan(70_000);
    const lines = describeChanges(before, after);
    expect([lines.length, lines.at(-1)]).toEqual([41, 'and 2960 more']);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(200);
  });

  it('leave out a list of packages that is too long to keep', () => {
    const packages = Array.from({ length: 3000 }, (_, i) => ({ name: sha256(String(i)), version: '1' }));
    expect('packages' in factsOf(imageBuild(), packages)).toBe(false);
  });
});
