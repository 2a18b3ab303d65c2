import type { Call } from '../../../local/account/types.ts';

/** A template after the SAM transform, as far as IAM is concerned. */
export interface IamTemplate {
  readonly Resources: Readonly<Record<string, IamResource>>;
}

interface IamResource {
  readonly Type: string;
  readonly Properties?: {
    readonly Role?: unknown;
    readonly FunctionName?: unknown;
    readonly FileSystemConfigs?: unknown;
    readonly PosixUser?: { readonly Uid: string };
    readonly Policies?: readonly {
      readonly PolicyDocument: { readonly Statement: readonly Conditional[] };
    }[];
  };
}

interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
}

/** A statement, or one that a parameter switches on. */
type Conditional =
  | Statement
  | { readonly 'Fn::If': readonly [string, Conditional, Conditional | { readonly Ref: string }] };

/** What Lambda itself does in a function's name for its event source mappings. */
const POLLING = ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'];

/** What EFS asks of a function that mounts a file system, without a call that anybody could see. */
const MOUNTING = ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite'];

/** What it asks besides where an access point makes everybody user 0. */
const ROOT_ACCESS = 'elasticfilesystem:ClientRootAccess';

export function functionIds({ Resources }: IamTemplate): string[] {
  return Object.keys(Resources).filter((id) => Resources[id]?.Type === 'AWS::Lambda::Function');
}

/** The actions that a function's role grants in statements of our own; SAM's failure destinations carry no Sid. */
export function grantedActions(template: IamTemplate, functionId: string): string[] {
  const roleId = target(template.Resources[functionId]?.Properties?.Role);
  const own = statementsOf(template, roleId).filter(
    ({ Sid, Effect }) => Sid !== undefined && Effect === 'Allow',
  );
  return [...new Set(own.flatMap(({ Action }) => Action))]
    .filter((action) => !USED_BY_AWS.has(action))
    .sort();
}

/** What services do with a key of the customer in a function's name: nobody sees a call. */
const USED_BY_AWS = new Set(['kms:Decrypt', 'kms:GenerateDataKey']);

function statementsOf({ Resources }: IamTemplate, roleId: string): Statement[] {
  const policies = Resources[roleId]?.Properties?.Policies ?? [];
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement.flatMap(withoutConditions));
}

function withoutConditions(statement: Conditional | { readonly Ref: string }): Statement[] {
  if ('Ref' in statement) return [];
  if (!('Fn::If' in statement)) return [statement];
  const [, yes, no] = statement['Fn::If'];
  return [...withoutConditions(yes), ...withoutConditions(no)];
}

/** The actions that a function needs: what it called, and what Lambda does for its mappings and mounts. */
export function neededActions(template: IamTemplate, functionId: string, calls: readonly Call[]): string[] {
  const called = calls.filter((call) => call.function === functionId).flatMap(({ iam }) => iam);
  const isPolled = Object.values(template.Resources).some(
    ({ Type, Properties }) =>
      Type === 'AWS::Lambda::EventSourceMapping' && target(Properties?.FunctionName) === functionId,
  );
  const mounts = template.Resources[functionId]?.Properties?.FileSystemConfigs !== undefined;
  const mounting = mounts ? [...MOUNTING, ...(mountsAsRoot(template, functionId) ? [ROOT_ACCESS] : [])] : [];
  return [...new Set([...called, ...(isPolled ? POLLING : []), ...mounting])].sort();
}

function mountsAsRoot({ Resources }: IamTemplate, functionId: string): boolean {
  const mounted = JSON.stringify(Resources[functionId]?.Properties?.FileSystemConfigs);
  return Object.entries(Resources).some(
    ([id, { Properties }]) => Properties?.PosixUser?.Uid === '0' && mounted.includes(`"${id}"`),
  );
}

/** Actions that a role is missing, and actions that it has to spare. */
export function iamOffences(template: IamTemplate, calls: readonly Call[]): string[] {
  return functionIds(template).flatMap((id) => {
    const granted = grantedActions(template, id);
    const needed = neededActions(template, id, calls);
    return [
      ...needed.filter((action) => !granted.includes(action)).map((action) => `${id} needs ${action}`),
      ...granted.filter((action) => !needed.includes(action)).map((action) => `${id} never needs ${action}`),
    ];
  });
}

/** The template with the actions of each own statement of a function's role changed. */
export function withActions(
  template: IamTemplate,
  functionId: string,
  change: (actions: string[]) => string[],
): IamTemplate {
  const copy = structuredClone(template);
  const roleId = target(copy.Resources[functionId]?.Properties?.Role);
  for (const statement of statementsOf(copy, roleId)) {
    if (statement.Sid !== undefined) Object.assign(statement, { Action: change([statement.Action].flat()) });
  }
  return copy;
}

/** The logical id that a Ref or GetAtt points to. */
function target(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '';
  if ('Ref' in value) return String(value.Ref);
  if ('Fn::GetAtt' in value && Array.isArray(value['Fn::GetAtt'])) return String(value['Fn::GetAtt'][0]);
  return '';
}
