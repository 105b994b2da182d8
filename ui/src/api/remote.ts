/** Drives of other machines, as the API has them; e2e/ compares it with the daemon's own description. */

export interface RemoteDriveInfo {
  hostNqn: string;
  subsystemNqn: string;
  nsid: number;
  lossMillis: number;
  keepAliveMillis: number;
  encrypted: boolean;
  keys: string[];
  resentCount: number;
  timeoutCount: number;
  heldCount: number;
  paths: RemotePathInfo[];
}

/** What is absent stays as it is, an empty text removes. */
export interface SetDriveKeys {
  dhchap?: string;
  controller?: string;
  tls?: string;
}

export interface RemotePathInfo {
  address: string;
  state: string;
  ana?: string;
  controllerId?: number;
  losses: number;
  trouble?: string;
}
