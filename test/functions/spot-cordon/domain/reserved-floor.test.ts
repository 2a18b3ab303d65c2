import { describe, expect, it } from 'vitest';
import {
  normalizedUnits,
  poolOf,
  reservedFloor,
  reservedInstances,
} from '../../../../functions/spot-cordon/domain/reserved-floor.ts';

// The factors and examples of the Amazon EC2 User Guide, "How Reserved Instances are applied".

describe('normalized units', () => {
  it.each([
    ['nano', 0.25],
    ['micro', 0.5],
    ['small', 1],
    ['medium', 2],
    ['large', 4],
    ['xlarge', 8],
    ['2xlarge', 16],
    ['3xlarge', 24],
    ['4xlarge', 32],
    ['6xlarge', 48],
    ['8xlarge', 64],
    ['9xlarge', 72],
    ['10xlarge', 80],
    ['12xlarge', 96],
    ['16xlarge', 128],
    ['18xlarge', 144],
    ['24xlarge', 192],
    ['32xlarge', 256],
    ['48xlarge', 384],
    ['56xlarge', 448],
    ['112xlarge', 896],
  ])('of %s: %d', (size, factor) => {
    expect(normalizedUnits(`m5.${size}`)).toBe(factor);
  });

  it('do not exist for bare metal', () => {
    expect(normalizedUnits('m5.metal')).toBeUndefined();
  });
});

describe('reservations', () => {
  it('of one t2.medium apply to two t2.small', () => {
    expect(reservedInstances([{ instanceType: 't2.medium', count: 1 }], [], ['t2.small'])).toBe(2);
  });

  it('of one t2.medium apply to half of a t2.large, so to no whole one', () => {
    expect(reservedInstances([{ instanceType: 't2.medium', count: 1 }], [], ['t2.large'])).toBe(0);
  });

  it('of four m4.large and others of a mixed account are used up first by instances outside of the group', () => {
    const reservations = [
      { instanceType: 'm4.large', count: 4 },
      { instanceType: 'm5.xlarge', count: 2 },
    ];

    expect(reservedInstances(reservations, ['m4.large', 'm4.xlarge'], ['m4.large'])).toBe(1);
    expect(reservedInstances(reservations, ['m4.4xlarge'], ['m4.large', 'm5.large'])).toBe(4);
  });

  it.each(['g4dn.xlarge', 'p3.2xlarge', 'inf1.xlarge', 'hpc7a.12xlarge', 'u-6tb1.56xlarge', 'm5.metal'])(
    'of %s apply only to the same type',
    (instanceType) => {
      expect(poolOf(instanceType)).toBe(instanceType);
      expect(reservedInstances([{ instanceType, count: 2 }], [instanceType], [instanceType])).toBe(1);
    },
  );

  it('count for the largest size of a family, so that the floor is rather too low', () => {
    expect(reservedInstances([{ instanceType: 'm5.2xlarge', count: 1 }], [], ['m5.large', 'm5.xlarge'])).toBe(
      2,
    );
  });

  it('make a floor in the units of the group', () => {
    const kinds = [
      { instanceType: 'm5.large', weight: 2 },
      { instanceType: 'm5.xlarge', weight: 4 },
    ];

    expect(reservedFloor({ kinds }, [{ instanceType: 'm5.xlarge', count: 3 }], [])).toBe(6);
    expect(reservedFloor({ kinds: [] }, [{ instanceType: 'm5.xlarge', count: 3 }], [])).toBe(0);
  });
});
