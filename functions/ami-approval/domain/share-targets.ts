/** Who an image is shared with. `copying` accounts copy the AMI and get its snapshots as well. */
export interface Targets {
  readonly accounts: readonly string[];
  readonly organizations: readonly string[];
  readonly organizationalUnits: readonly string[];
  readonly copying: readonly string[];
}

/** An entry of an AMI's launch permissions, in the API's own words. */
export interface Permission {
  readonly UserId?: string;
  readonly OrganizationArn?: string;
  readonly OrganizationalUnitArn?: string;
  readonly Group?: string;
}

export const noTargets: Targets = { accounts: [], organizations: [], organizationalUnits: [], copying: [] };

/** Sorted and without repetition, so that two lists of the same targets are equal as JSON. */
export function tidyTargets({ accounts, organizations, organizationalUnits, copying }: Targets): Targets {
  return {
    accounts: tidy([...accounts, ...copying]), // whoever copies an AMI has to see it
    organizations: tidy(organizations),
    organizationalUnits: tidy(organizationalUnits),
    copying: tidy(copying),
  };
}

export function isEmpty({ accounts, organizations, organizationalUnits, copying }: Targets): boolean {
  return accounts.length + organizations.length + organizationalUnits.length + copying.length === 0;
}

/** Never a group: `all` would make the AMI public. */
export function permissionsFor({ accounts, organizations, organizationalUnits }: Targets): Permission[] {
  return [
    ...accounts.map((UserId) => ({ UserId })),
    ...organizations.map((OrganizationArn) => ({ OrganizationArn })),
    ...organizationalUnits.map((OrganizationalUnitArn) => ({ OrganizationalUnitArn })),
  ];
}

/** What of `wanted` an AMI does not have; EC2 lists permissions in no order. */
export function missingFrom(wanted: readonly Permission[], found: readonly Permission[]): string[] {
  const has = new Set(found.map(labelOf));
  return wanted.map(labelOf).filter((label) => !has.has(label));
}

/** As a person reads them: `account 111122223333`, `organization o-abc`, `organizational unit ou-abc-def`. */
export function describeTargets(targets: Targets): string[] {
  const labels = permissionsFor(tidyTargets(targets)).map(labelOf);
  return labels.map((label) =>
    targets.copying.some((account) => label === `account ${account}`)
      ? `${label}, with its snapshots`
      : label,
  );
}

export function labelOf({ UserId, OrganizationArn, OrganizationalUnitArn, Group }: Permission): string {
  if (UserId !== undefined) return `account ${UserId}`;
  if (OrganizationArn !== undefined) return `organization ${lastPart(OrganizationArn)}`;
  if (OrganizationalUnitArn !== undefined) return `organizational unit ${lastPart(OrganizationalUnitArn)}`;
  return Group === 'all' ? 'everybody (public)' : `group ${Group}`;
}

function lastPart(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

function tidy(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
