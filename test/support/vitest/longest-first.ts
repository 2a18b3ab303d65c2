import { BaseSequencer, type TestSpecification } from 'vitest/node';

const longest = 'test/scenarios.test.ts';

/** Begins with the file that takes longest, so that the others fill the second worker meanwhile. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLongest = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith(longest);
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))];
  }
}
