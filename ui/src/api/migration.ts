/** Other daemons, and VMs that go to them, as the API has them; e2e/ compares it with the daemon's own description. */

export interface PeerInfo {
  name: string;
  address: string;
  fingerprint: string;
  state: string;
  version?: string;
  detail: string;
}

export interface AddPeer {
  name: string;
  address: string;
  token: string;
  fingerprint?: string;
}

export interface MigrateVm {
  to: string;
  qmp?: string;
  pool?: string;
}

export interface MigrationFinding {
  what: string;
  ok: boolean;
  detail: string;
}

export interface MigrationCheck {
  ready: boolean;
  findings: MigrationFinding[];
}
