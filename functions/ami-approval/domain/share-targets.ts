/** Who an image is shared with. Accounts in `copying` copy the AMI and therefore get its snapshots too. */
export interface Targets {
  readonly accounts: readonly string[];
  readonly organizations: readonly string[];
  readonly organizationalUnits: readonly string[];
  readonly copying: readonly string[];
}

/** A launch permission of an AMI, with the field names of the EC2 API. */
export interface Permission {
  readonly UserId?: string;
  readonly OrganizationArn?: string;
  readonly OrganizationalUnitArn?: string;
  readonly Group?: string;
}

/** Names of accounts by id. They are for people only: an approval is bound to the ids. */
export type AccountNames = Readonly<Record<string, string>>;

/** Adds the names of accounts to a text: `account 111122223333 (shop)`. */
export function nameAccounts(text: string, names: AccountNames): string {
  return text.replace(/\baccount (\d{12})\b/g, (found, id: string) => {
    const name = names[id];
    return name === undefined ? found : `${found} (${name})`;
  });
}

export const noTargets: Targets = { accounts: [], organizations: [], organizationalUnits: [], copying: [] };

/** Sorts and removes duplicates, so that two lists of the same targets are equal as JSON. */
export function normalizeTargets({
  accounts,
  organizations,
  organizationalUnits,
  copying,
}: Targets): Targets {
  return {
    accounts: sortUnique([...accounts, ...copying]), // an account can only copy an AMI that it can launch
    organizations: sortUnique(organizations),
    organizationalUnits: sortUnique(organizationalUnits),
    copying: sortUnique(copying),
  };
}

export function hasTargets({ accounts, organizations, organizationalUnits, copying }: Targets): boolean {
  return accounts.length + organizations.length + organizationalUnits.length + copying.length > 0;
}

/** Never includes a group, because the group `all` makes an AMI public. */
export function permissionsFor({ accounts, organizations, organizationalUnits }: Targets): Permission[] {
  return [
    ...accounts.map((UserId) => ({ UserId })),
    ...organizations.map((OrganizationArn) => ({ OrganizationArn })),
    ...organizationalUnits.map((OrganizationalUnitArn) => ({ OrganizationalUnitArn })),
  ];
}

/** @returns the wanted permissions that are not there, as text; EC2 lists permissions in no order */
export function missingPermissions(wanted: readonly Permission[], found: readonly Permission[]): string[] {
  const present = new Set(found.map(formatPermission));
  return wanted.map(formatPermission).filter((label) => !present.has(label));
}

/** `account 111122223333`, `organization o-abc`, `organizational unit ou-abc-def` */
export function formatTargets(targets: Targets): string[] {
  const labels = permissionsFor(normalizeTargets(targets)).map(formatPermission);
  return labels.map((label) =>
    targets.copying.some((account) => label === `account ${account}`)
      ? `${label}, with its snapshots`
      : label,
  );
}

export function formatPermission({
  UserId,
  OrganizationArn,
  OrganizationalUnitArn,
  Group,
}: Permission): string {
  if (UserId !== undefined) return `account ${UserId}`;
  if (OrganizationArn !== undefined) return `organization ${lastPart(OrganizationArn)}`;
  if (OrganizationalUnitArn !== undefined) return `organizational unit ${lastPart(OrganizationalUnitArn)}`;
  return Group === 'all' ? 'everyone (public)' : `group ${Group}`;
}

function lastPart(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

function sortUnique(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
