/** Hosts over TCP and the ways to a vNVMe, as the API has them; e2e/ compares it with the daemon's own description. */

export interface HostConnectionInfo {
  address: string;
  controllerId: number;
  queues: number;
}

export interface HostInfo {
  nqn: string;
  connections: HostConnectionInfo[];
  keys: string[];
  demand: string;
}

export interface PathInfo {
  name: string;
  transport: string;
  state: string;
  group: number;
  clients: number;
}

export interface TcpAccess {
  ports?: string[];
  hosts?: string[];
}
