import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { BuildResult, BuiltFunction } from '../../build.ts';
import { zip } from '../archive.ts';
import { isMapping, list, type Mapping, mapping } from '../json.ts';
import { findPython } from '../python/find.ts';
import { transform } from './transform.ts';

/** A wing's template without a transform, and the packages that it deploys. Paths are absolute. */
export interface FlatWing {
  readonly wing: string;
  readonly template: string;
  readonly packages: readonly string[];
}

export interface FlatOptions {
  readonly root: string;
  readonly outdir: string;
  readonly progress: (line: string) => void;
}

/**
 * Writes `<outdir>/<wing>.json` for each template in functions/, already transformed, and the functions' packages to
 * `<outdir>/flat/<LogicalId>-<hash>.zip`: for tools that take no transform, such as service-managed StackSets.
 */
export async function writeFlat(
  { functions }: BuildResult,
  { root, outdir, progress }: FlatOptions,
): Promise<readonly FlatWing[]> {
  const python = await findPython(progress);
  const folder = join(outdir, 'flat');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const byTemplate = Map.groupBy(functions, ({ template }) => template);
  byTemplate.delete('template.yaml'); // the root holds nested stacks, and StackSets take none
  const written = [...byTemplate].map(async ([path, own]): Promise<FlatWing> => {
    const wing = basename(dirname(path));
    const packages = new Map(own.map((built) => [built.id, writePackage(folder, built)]));
    const template = join(outdir, `${wing}.json`);
    const flat = flatten(await transform(python, join(root, path)), packages);
    // Without spaces: a template that is passed inline may have 51,200 bytes. Larger ones must come from S3.
    writeFileSync(template, JSON.stringify(flat));
    return { wing, template, packages: [...packages.values()].map((name) => join(folder, name)) };
  });
  return Promise.all(written);
}

/** The same bundle gives the same bytes and name. A changed one gets another name, which CloudFormation notices. */
function writePackage(folder: string, { id, file }: BuiltFunction): string {
  const content = zip({ 'index.mjs': readFileSync(file) });
  const name = `${id}-${createHash('sha256').update(content).digest('hex').slice(0, 16)}.zip`;
  writeFileSync(join(folder, name), content);
  return name;
}

/** Where the packages are, as parameters of the template. */
const codeParameters: Mapping = {
  CodeBucket: {
    Type: 'String',
    Description: 'S3 bucket, in the Region of the stack, with the packages of the functions.',
    MinLength: 3,
    MaxLength: 63,
    AllowedPattern: '^[a-z0-9][a-z0-9.-]*[a-z0-9]$',
    ConstraintDescription: 'the name of an S3 bucket',
  },
  CodeBucketPerRegion: {
    Type: 'String',
    Default: 'false',
    Description: 'Set to true to read from <CodeBucket>-<Region>, for a StackSet in several Regions.',
    AllowedValues: ['true', 'false'],
  },
  CodePrefix: {
    Type: 'String',
    Default: 'groundcrew/',
    Description: 'Folder of the packages in the bucket, with a slash at its end. Leave empty for none.',
    MaxLength: 512,
    AllowedPattern: "^$|^[\\w.!*'()/-]+/$",
    ConstraintDescription: 'a folder that ends in a slash, or empty',
  },
};

const codeLabels: Mapping = {
  CodeBucket: { default: 'Bucket with the packages' },
  CodeBucketPerRegion: { default: 'One bucket per Region' },
  CodePrefix: { default: 'Folder in the bucket' },
};

function flatten(template: Mapping, packages: ReadonlyMap<string, string>): Mapping {
  const resources = Object.entries(mapping(template.Resources)).map(([id, block]) => {
    const resource = withoutBuildMetadata(mapping(block));
    return [id, resource.Type === 'AWS::Lambda::Function' ? locateCode(id, resource, packages) : resource];
  });
  return {
    ...template,
    Metadata: describeInterface(mapping(mapping(template.Metadata)['AWS::CloudFormation::Interface'])),
    Parameters: { ...codeParameters, ...mapping(template.Parameters) },
    Conditions: {
      ReadsFromBucketPerRegion: { 'Fn::Equals': [{ Ref: 'CodeBucketPerRegion' }, 'true'] },
      ...mapping(template.Conditions),
    },
    Resources: Object.fromEntries(resources),
  };
}

/** Of the template's metadata only what CloudFormation reads; the rest is for `sam build` and `sam publish`. */
function describeInterface({ ParameterGroups: groups, ParameterLabels: labels }: Mapping): Mapping {
  const code = { Label: { default: 'Code' }, Parameters: Object.keys(codeParameters) };
  return {
    'AWS::CloudFormation::Interface': {
      ParameterGroups: [code, ...list(groups)],
      ParameterLabels: { ...codeLabels, ...mapping(labels) },
    },
  };
}

function withoutBuildMetadata({ Metadata: metadata, ...resource }: Mapping): Mapping {
  if (!isMapping(metadata)) return resource;
  const { SkipBuild: _, Entry: __, BudgetKB: ___, ...rest } = metadata;
  return Object.keys(rest).length === 0 ? resource : { ...resource, Metadata: rest };
}

function locateCode(id: string, resource: Mapping, packages: ReadonlyMap<string, string>): Mapping {
  const name = packages.get(id);
  if (name === undefined) throw new Error(`${id} has no bundle: the template does not declare it`);
  const perRegion = { 'Fn::Join': ['-', [{ Ref: 'CodeBucket' }, { Ref: 'AWS::Region' }]] };
  const Code = {
    S3Bucket: { 'Fn::If': ['ReadsFromBucketPerRegion', perRegion, { Ref: 'CodeBucket' }] },
    S3Key: { 'Fn::Sub': `\${CodePrefix}${name}` },
  };
  return { ...resource, Properties: { ...mapping(resource.Properties), Code } };
}
