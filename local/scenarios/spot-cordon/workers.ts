import { DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { World } from '../../scenario-kit/world.ts';

export const MINUTE = 60_000;

export interface Worker {
  readonly group: string;
  readonly id: string;
}

/** A worker's heartbeat: it has been busy for so many minutes, and says so again within 15 minutes. */
export async function sendHeartbeat(world: World, { group, id }: Worker, minutes: number): Promise<void> {
  const now = world.clock.now();
  const seconds = (at: number): { N: string } => ({ N: String(Math.floor(at / 1000)) });
  const command = new PutItemCommand({
    TableName: world.ref('Workers'),
    Item: {
      group: { S: group },
      instanceId: { S: id },
      busySince: seconds(now - minutes * MINUTE),
      expiresAt: seconds(now + 15 * MINUTE),
    },
  });
  await world.client(DynamoDBClient).send(command);
}

/** Since when workers have been busy, by instance. A heartbeat whose time is over does not count. */
export async function readBusy(world: World): Promise<ReadonlyMap<string, number>> {
  const command = new ScanCommand({ TableName: world.ref('Workers') });
  const { Items = [] } = await world.client(DynamoDBClient).send(command);
  const now = world.clock.now();
  return new Map(
    Items.filter(({ expiresAt }) => Number(expiresAt?.N) * 1000 > now).map(({ instanceId, busySince }) => [
      instanceId?.S ?? '',
      Number(busySince?.N) * 1000,
    ]),
  );
}
