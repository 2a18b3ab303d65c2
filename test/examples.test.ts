import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { isApprovalStep } from '../functions/ami-approval/domain/approval-scope.ts';
import { lintFile } from './support/cfn-lint.ts';
import { ROOT, readTemplate, readText } from './support/template.ts';

const names = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.yaml'));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'groundcrew-examples-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('every example', () => {
  it.each(names)('%s is one that cfn-lint has nothing to say about', { timeout: 120_000 }, async (name) => {
    expect(await lintFile(join(ROOT, 'examples', name))).toEqual([]);
  });

  it('is checked: cfn-lint sees a misspelt property', { timeout: 120_000 }, async () => {
    const file = join(folder, 'broken.yaml');
    writeFileSync(file, readText('examples/image-pipeline.yaml').replace('ImageRecipeArn', 'ImageRecipe'));

    expect((await lintFile(file)).join('\n')).toMatch(/ImageRecipe/);
  });
});

it('the image pipeline waits at a step in the default scope of ami-approval', () => {
  const { ApprovalWorkflow, Pipeline } = readTemplate(readText('examples/image-pipeline.yaml')).Resources;
  const workflow = parse(ApprovalWorkflow?.Properties.Data);
  const { Default } = readTemplate(readText('functions/ami-approval/template.yaml')).Parameters[
    'ApprovalSteps'
  ] as { Default: string };

  expect(isApprovalStep(workflow.steps[0].name, { steps: Default.split(',') })).toBe(true);
  expect(Pipeline?.Properties.ImageTags).toEqual({ 'groundcrew:approval': 'true' });
});
