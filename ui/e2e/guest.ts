import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LAB = fileURLToPath(new URL('../../scripts/lab.sh', import.meta.url));
/** Emulated on a busy host, Linux takes its time. */
const START_MS = 120_000;
const COMMAND_MS = 60_000;

/** A Linux in a real QEMU: the lab's, with two free root ports, whose shell is on our end of its serial port. */
export class Guest {
  private child: ChildProcess | undefined;
  private said = '';
  private commandCount = 0;

  /**
   * @param name of the VM
   * @param qmp where its QMP socket shall be
   */
  constructor(
    readonly name: string,
    readonly qmp: string,
  ) {}

  async start(): Promise<void> {
    const lab = new Map(
      execFileSync(LAB, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
        .split('\n')
        .map((line) => line.split('=') as [string, string]),
    );
    const guest = lab.get('guest') ?? '';
    const kvm = lab.get('accel') === 'kvm';
    const child = spawn(
      join(lab.get('tools') ?? '', 'bin', 'qemu-system-x86_64'),
      [
        ...['-name', this.name, '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
        ...['-M', 'q35,sata=off,smbus=off,usb=off,vmport=off,graphics=off,memory-backend=ram0', '-m', '512M'],
        ...['-object', 'memory-backend-memfd,id=ram0,size=512M,share=on', '-bios', 'qboot.rom'],
        ...['-accel', kvm ? 'kvm' : 'tcg', '-cpu', kvm ? 'host' : 'max'],
        ...['-device', 'pcie-root-port,id=rp0,chassis=1', '-device', 'pcie-root-port,id=rp1,chassis=2'],
        ...['-kernel', join(guest, 'vmlinux'), '-initrd', join(guest, 'initrd.cpio')],
        ...['-append', 'console=ttyS0 quiet loglevel=3 mitigations=off panic=-1'],
        ...['-qmp', `unix:${this.qmp},server=on,wait=off`, '-serial', 'stdio'],
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    this.child = child;
    child.stdout.on('data', (text: Buffer) => (this.said += text.toString('latin1')));
    await this.until('INIT-UP', START_MS);
  }

  /** Runs a command in the guest, and returns what it said. */
  async sh(command: string): Promise<string> {
    const mark = `END-${++this.commandCount}`;
    const from = this.said.length;
    // The quotes keep the echo of what is typed from looking like the answer.
    this.child?.stdin?.write(`${command}; echo "${mark.slice(0, 2)}""${mark.slice(2)}"\n`);
    await this.until(`${mark}\r`, COMMAND_MS, from);
    return this.said.slice(from);
  }

  private async until(text: string, limitMs: number, from = 0): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (!this.said.includes(text, from)) {
      if (Date.now() > deadline || this.child?.exitCode !== null) {
        throw new Error(`the guest did not say ${text}:\n${this.said.slice(-2000)}`);
      }
      await new Promise((again) => setTimeout(again, 50));
    }
  }

  async stop(): Promise<void> {
    const child = this.child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
  }
}
