import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProxy } from '../dev/proxy.mjs';

const VNVME = fileURLToPath(new URL('../../vnvme', import.meta.url));

/** A real daemon in a folder of its own, reachable by a browser through a port of this host. */
export class Daemon {
  readonly folder = mkdtempSync(join(tmpdir(), 'vnvme-ui-'));
  private child: ChildProcess | undefined;
  private proxy: Server | undefined;

  get socket(): string {
    return join(this.folder, 'run', 'api.sock');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.proxy?.address() as AddressInfo).port}/ui/`;
  }

  /** @param options of the daemon, besides its folders and RAM drives */
  async start(...options: string[]): Promise<void> {
    const child = spawn(
      VNVME,
      [
        'daemon',
        '--state',
        join(this.folder, 'state'),
        '--run',
        join(this.folder, 'run'),
        '--ram',
        '3x64M',
        // What this host has besides is no part of the test.
        '--libvirt',
        'none',
        '--tcp',
        '127.0.0.1:0',
        ...options,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.child = child;
    let said = '';
    await new Promise<void>((serving, failed) => {
      const hear = (text: Buffer) => {
        said += text.toString();
        if (said.includes(' serves on ')) {
          serving();
        }
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.on('error', failed);
      // When all is read that it said: why it has ended is the last of that.
      child.on('close', () => failed(new Error(`the daemon has ended: ${said}`)));
    });
    this.proxy ??= await startProxy(this.socket, 0);
  }

  /**
   * Starts it with the API over TLS too. Somebody else may take the port before the daemon does.
   *
   * @returns its address
   */
  async startListening(triesLeft = 5): Promise<string> {
    const address = `127.0.0.1:${await freePort()}`;
    try {
      await this.start('--listen', address);
      return address;
    } catch (e) {
      if (triesLeft > 1 && String(e).includes('in use')) {
        return this.startListening(triesLeft - 1);
      }
      throw e;
    }
  }

  async stop(): Promise<void> {
    const child = this.child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
  }

  async remove(): Promise<void> {
    await this.stop();
    this.proxy?.close();
    rmSync(this.folder, { recursive: true });
  }

  /** Asks the API without the page, as somebody else would. */
  ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    return new Promise((answered, failed) => {
      const headers = { 'Content-Type': 'application/json', Host: 'vnvme' };
      const asking = request({ socketPath: this.socket, method, path: `/api/v1/${path}`, headers }, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () =>
          (answer.statusCode ?? 500) < 300
            ? answered(JSON.parse(text) as T)
            : failed(new Error(`${method} ${path}: ${answer.statusCode} ${text}`)),
        );
      });
      asking.on('error', failed);
      asking.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Runs a command of the command line to its end, and returns what it printed. */
  async run(...args: string[]): Promise<string> {
    const env = { ...process.env, VNVME_RUN: join(this.folder, 'run') };
    const child = spawn(VNVME, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let printed = '';
    child.stdout.on('data', (text: Buffer) => (printed += text.toString()));
    const [status] = (await once(child, 'close')) as [number];
    if (status !== 0) {
      throw new Error(`vnvme ${args.join(' ')} ended with status ${status}: ${printed}`);
    }
    return printed;
  }
}

/** A port that nobody has: the daemon wants to be told one. */
function freePort(): Promise<number> {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => found(port));
    });
  });
}
