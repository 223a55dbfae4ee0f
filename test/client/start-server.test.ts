import path from 'node:path';
import { endProcess } from '../../client/processes/background-process';
import { startServer, wordsBeforeStack } from '../../client/temporal-server/start-server';
import { findTemporal } from '../support/temporal-server';
import { atEnd, temporaryFolder } from './support/temporary-folder';

test('servers started at the same moment all come up, on ports of their own', async () => {
  const folder = temporaryFolder();
  const starts = ['a', 'b', 'c'].map(async (name) => {
    const server = await startServer({
      program: { file: findTemporal(), version: '', source: 'cache' },
      stateFolder: path.join(folder, name),
      namespace: 'default',
      environment: process.env,
      usesStockPorts: true,
    });
    atEnd(() => endProcess(server.process.identity));
    return server;
  });
  // Not before each has come to its end, or one that is still starting would be left behind.
  await Promise.allSettled(starts);
  const servers = await Promise.all(starts);
  expect(new Set(servers.map(({ target }) => target.address)).size).toBe(3);
  expect(new Set(servers.map(({ webUiUrl }) => webUiUrl)).size).toBe(3);
});

test('of a server that panicked, the words are told and not the stacks', () => {
  const log = [
    'level=ERROR msg="Failed to start gRPC listener" error="bind: address already in use"',
    'panic: runtime error: invalid memory address or nil pointer dereference',
    '',
    'goroutine 1 [running]:',
    'main.main()',
  ].join('\n');
  expect(wordsBeforeStack(log).split('\n')).toEqual(log.split('\n').slice(0, 2));
});
