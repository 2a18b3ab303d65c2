import { isRecord } from '#shared/errors.ts';
import { formatPermission, type Permission, permissionsFor, type Targets } from './share-targets.ts';

// What a key policy says about the targets of a share. A grant can allow what the policy does not, and a policy often
// depends on what only AWS Organizations knows. So these are remarks, and they never refuse a share.

interface Statement {
  readonly isDeny: boolean;
  /** It names its principals by exclusion, so nobody can be read from it. */
  readonly isInverted: boolean;
  readonly isForEveryone: boolean;
  readonly hasCondition: boolean;
  /** Principals and condition values. */
  readonly names: readonly string[];
}

type Verdict = 'allowed' | 'not named' | 'unknown';

/** @returns remarks for the users of the AMI; empty if the policy names every target */
export function keyPolicyRemarks(arn: string, policy: string | undefined, targets: Targets): string[] {
  const statements = policy === undefined ? undefined : parseStatements(policy);
  if (!statements)
    return [`cannot tell whether the targets can use its key ${arn}: its policy could not be read`];
  return permissionsFor(targets).flatMap((permission) => {
    const label = formatPermission(permission);
    const verdict = verdictOf(statements, permission);
    if (verdict === 'not named')
      return [`its key policy does not name ${label}, which probably cannot launch it`];
    return verdict === 'unknown' ? [`cannot tell whether ${label} can use its key ${arn}: ${UNKNOWN}`] : [];
  });
}

const UNKNOWN = 'that depends on conditions of the key policy, such as the organization of the account';

function verdictOf(statements: readonly Statement[], target: Permission): Verdict {
  const concerned = statements.filter((one) => one.isInverted || one.isForEveryone || isNamed(one, target));
  if (concerned.some(({ isDeny, isInverted }) => isDeny || isInverted)) return 'unknown';
  if (concerned.some((one) => canAllow(one, target))) return 'allowed';
  return concerned.length > 0 || statements.some((one) => mayInclude(one, target)) ? 'unknown' : 'not named';
}

function canAllow(statement: Statement, target: Permission): boolean {
  return isNamed(statement, target) || (statement.isForEveryone && !statement.hasCondition);
}

/** An account by its id, an organization only as a whole, an organizational unit also with its whole organization. */
function isNamed(
  { names }: Statement,
  { UserId, OrganizationArn, OrganizationalUnitArn }: Permission,
): boolean {
  if (UserId !== undefined) return names.some((name) => name === UserId || name.includes(`::${UserId}:`));
  const organization = /\b(o-[a-z0-9]+)/.exec(OrganizationArn ?? OrganizationalUnitArn ?? '')?.[1] ?? '';
  if (names.some((name) => name === organization || name === `${organization}/*`)) return true;
  const unit = OrganizationalUnitArn?.slice(OrganizationalUnitArn.lastIndexOf('/') + 1);
  return (
    unit !== undefined && names.some((name) => name.startsWith(`${organization}/`) && hasSuffix(name, unit))
  );
}

/** The path covers the unit and everything below it. */
function hasSuffix(path: string, unit: string): boolean {
  return path.endsWith(`/${unit}/*`) || path.endsWith(`/${unit}*`);
}

/** The statement names a part of the organization, or a part of it may contain the account. */
function mayInclude({ names }: Statement, { OrganizationArn, OrganizationalUnitArn }: Permission): boolean {
  const arn = OrganizationArn ?? OrganizationalUnitArn;
  const organization = arn === undefined ? 'o-' : (/\b(o-[a-z0-9]+)/.exec(arn)?.[1] ?? 'o-');
  return names.some((name) => name.startsWith(organization));
}

/** @returns the statements about using the key, or undefined for an invalid policy */
function parseStatements(policy: string): Statement[] | undefined {
  try {
    const parsed: unknown = JSON.parse(policy);
    const statements = isRecord(parsed) ? [parsed.Statement].flat() : undefined;
    if (!statements?.every(isRecord)) return undefined;
    return statements.filter(isAboutUse).map(toStatement);
  } catch {
    return undefined;
  }
}

/** A launch decrypts with the key. A statement that allows only to describe it is about something else. */
function isAboutUse({ Action, NotAction }: Readonly<Record<string, unknown>>): boolean {
  return (
    NotAction !== undefined || textsIn(Action).some((one) => /^(\*|kms:\*|kms:De\*|kms:Decrypt)$/i.test(one))
  );
}

function toStatement(one: Readonly<Record<string, unknown>>): Statement {
  const principals = textsIn(one.Principal);
  return {
    isDeny: one.Effect === 'Deny',
    isInverted: one.NotPrincipal !== undefined || one.NotAction !== undefined,
    isForEveryone: principals.includes('*'),
    hasCondition: one.Condition !== undefined,
    names: [...principals, ...textsIn(one.Condition)],
  };
}

/** All texts in a JSON value, without the names of its members. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isRecord(value) ? Object.values(value).flatMap(textsIn) : [];
}
