/** A part of AWS with accounts, ARNs and consoles of its own. */
interface Partition {
  /** As ARNs name it. */
  readonly id: string;
  /** The names of its Regions, also of those that AWS will add. */
  readonly regions: RegExp;
  /** What the hosts of its consoles end in: AWS's endpoint rules for its sign-in service name the same. */
  readonly consoles: string;
  /** Its health page, if it is not at the usual place among its consoles. */
  readonly healthPage?: string;
}

const AWS: Partition = { id: 'aws', regions: /^/, consoles: 'aws.amazon.com' };

// `aws` has the Regions that no other has.
const partitions: readonly Partition[] = [
  { id: 'aws-cn', regions: /^cn-/, consoles: 'amazonaws.cn' },
  {
    id: 'aws-us-gov',
    regions: /^us-gov-/,
    consoles: 'amazonaws-us-gov.com',
    healthPage: 'https://phd.amazonaws-us-gov.com/phd/home',
  },
  { id: 'aws-eusc', regions: /^eusc-/, consoles: 'amazonaws-eusc.eu' },
  { id: 'aws-iso', regions: /^us-iso-/, consoles: 'c2shome.ic.gov' },
  { id: 'aws-iso-b', regions: /^us-isob-/, consoles: 'sc2shome.sgov.gov' },
  { id: 'aws-iso-e', regions: /^eu-isoe-/, consoles: 'csphome.adc-e.uk' },
  { id: 'aws-iso-f', regions: /^us-isof-/, consoles: 'csphome.hci.ic.gov' },
  AWS,
];

/** The partition of a Region, as ARNs name it. */
export function partitionOf(region: string): string {
  return findByRegion(region).id;
}

/** The address of a Region's console, without a slash at the end. */
export function consoleOf(region: string): string {
  return `https://${region}.console.${findByRegion(region).consoles}`;
}

/** The page about an event of AWS Health, in the partition of its ARN. */
export function healthEventPage(eventArn: string): string {
  const id = eventArn.split(':')[1];
  const { consoles, healthPage = `https://health.${consoles}/health/home` } =
    partitions.find((one) => one.id === id) ?? AWS;
  return `${healthPage}#/account/event-log?eventID=${encodeURIComponent(eventArn)}`;
}

function findByRegion(region: string): Partition {
  return partitions.find(({ regions }) => regions.test(region)) ?? AWS;
}
