import type { CordonConfig } from '../../../functions/spot-cordon/config.ts';
import type { CordonRecord } from '../../../functions/spot-cordon/domain/cordon-record.ts';
import {
  interruptionDisruption,
  maintenanceDisruption,
  rebalanceDisruption,
} from '../../../functions/spot-cordon/domain/disruption.ts';
import type { Instance } from '../../../functions/spot-cordon/domain/instance.ts';

// One instance, its disruptions and its record, for the tests of single decisions.

/** The settings of a deployment in scope `all`. */
export const cordonConfig: CordonConfig = {
  region: 'eu-west-1',
  table: 'cordons',
  drainLedgerTable: 'ledger',
  dryRun: false,
  scope: 'all',
  drainSearch: 'vpc',
  drainFloorPercent: 50,
  hasPoolMetrics: false,
  rebalanceHoldMinutes: 30,
  scheduledLeadHours: 24,
  rebalanceHoldMs: 30 * 60_000,
  scheduledLeadMs: 24 * 3_600_000,
};

export const NOW = Date.parse('2026-11-02T10:00:00Z');
export const MINUTE = 60_000;
export const ID = 'i-abcd1111';
export const info = { instanceId: ID, eventTime: NOW, sourceEventId: 'e' };
export const warning = interruptionDisruption(info, 'spot interruption', 'terminate');
export const recommendation = rebalanceDisruption(info, 30 * MINUTE);
export const reboot = maintenanceDisruption(info, { reason: 'scheduled reboot', action: 'reboot' }, NOW);

export function instance(more: Partial<Instance> = {}): Instance {
  return {
    instanceId: ID,
    state: 'running',
    isSpot: true,
    purchaseOption: 'spot',
    instanceType: 'm5.large',
    availabilityZone: 'eu-west-1a',
    vpcId: 'vpc-1',
    privateIps: ['10.0.0.1'],
    tags: {},
    ...more,
  };
}

/** A new record of the interruption, changed by `more`. */
export function cordon(more: Partial<CordonRecord> = {}): CordonRecord {
  const { staleAt: _, ...disruption } = warning;
  return { ...disruption, revision: 'r', status: 'cordoned', steps: {}, ...more };
}
