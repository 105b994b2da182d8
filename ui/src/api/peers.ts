/** Other daemons that this one knows, as the API has them; e2e/ compares it with the daemon's own description. */

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
