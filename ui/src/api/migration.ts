/** VMs that go to another daemon, as the API has them; e2e/ compares it with the daemon's own description. */

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
