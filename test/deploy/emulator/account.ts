import { once } from 'node:events';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { accessKeyFor, region } from '../../../local/account/account.ts';
import { loadEmulatedServices } from '../../../local/account/emulated-service.ts';
import { connectToEndpoint } from '../../../local/account/external-endpoint.ts';
import { createFaults } from '../../../local/account/faults.ts';
import { createGateway } from '../../../local/account/gateway.ts';
import { type GatewayState, type Hooks, serviceState } from '../../../local/account/gateway-state.ts';
import { createStaleReads } from '../../../local/account/stale-reads.ts';
import { createClock } from '../../../local/clock.ts';
import { emulatedServices } from './gaps.ts';
import { findFreePort, type MiniStack, startMiniStack } from './process.ts';

/** MiniStack behind the gateway of the local account, which answers for services that MiniStack lacks. */
export interface EmulatedAccount {
  readonly ministack: MiniStack;
  /** The endpoint of every service. */
  readonly url: string;
  serviceState(service: string): unknown;
  client<C>(ctor: new (config: object) => C): C;
  setPublisher(publish: Hooks['onPublish']): void;
  close(): Promise<void>;
}

export async function startEmulatedAccount(name: string): Promise<EmulatedAccount> {
  const port = await findFreePort();
  const gateway = await createGatewayState(`http://127.0.0.1:${port}`);
  const server = createGateway(gateway);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The gateway has no port.');
  const url = `http://127.0.0.1:${address.port}`;
  const ministack = await startMiniStack({ name, port, endpoint: url });
  const credentials = { accessKeyId: accessKeyFor('local'), secretAccessKey: 'local' };
  const client: EmulatedAccount['client'] = (ctor) => new ctor({ endpoint: url, region, credentials });
  Object.assign(gateway.hooks, createHooks(client(LambdaClient)));
  return {
    ministack,
    url,
    client,
    serviceState: (service) => serviceState(gateway, service),
    setPublisher: (onPublish) => Object.assign(gateway.hooks, { onPublish }),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await gateway.moto.close();
      await ministack.close();
    },
  };
}

async function createGatewayState(endpoint: string): Promise<GatewayState> {
  const services = await loadEmulatedServices();
  const lacking = services.filter(({ service }) => emulatedServices.includes(service));
  return {
    moto: await connectToEndpoint(endpoint),
    clock: createClock(),
    faults: createFaults(),
    staleReads: createStaleReads(createClock()),
    services: new Map(lacking.map((one) => [one.service, one])),
    serviceStates: new Map(),
    calls: [],
    begun: new Set(),
    hooks: {},
    listeners: new Map(),
  };
}

/** CodePipeline invokes the deployed functions through Lambda, and its timers run in real time. */
function createHooks(lambda: LambdaClient): Partial<Hooks> {
  return {
    onEnqueue: (FunctionName, payload) => {
      const Payload = JSON.stringify(payload);
      void lambda.send(new InvokeCommand({ FunctionName, Payload, InvocationType: 'Event' }));
    },
    onRunLater: (ms, work) => {
      const timer = setTimeout(() => void work(), ms);
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}
