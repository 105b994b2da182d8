// Brings a daemon's Unix socket to a TCP port of this host, byte for byte. For development and tests alone: whoever reaches
// the port is the daemon's administrator.
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

/**
 * @param {string} socket path of the daemon's API socket
 * @param {number} port 0: any
 * @returns {Promise<import('node:net').Server>} listening on 127.0.0.1
 */
export function startProxy(socket, port) {
  const server = createServer((client) => {
    const daemon = connect(socket);
    client.pipe(daemon).pipe(client);
    // A side that is gone takes the other along; a browser sees a daemon that is not there.
    client.on('error', () => daemon.destroy()).on('close', () => daemon.destroy());
    daemon.on('error', () => client.destroy()).on('close', () => client.destroy());
  });
  return new Promise((listening) => server.listen(port, '127.0.0.1', () => listening(server)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , run = process.env.VNVME_RUN ?? '/run/vnvme', port = '8468'] = process.argv;
  await startProxy(`${run}/api.sock`, Number(port));
  console.log(`http://127.0.0.1:${port}/ui/ shows the daemon at ${run}`);
}
