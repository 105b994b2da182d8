import { post, segment } from '../api/client';
import type { AttachVnvme, VnvmeChange } from '../api/types';
import { target, type VmChoice } from './choice';
import { rememberSocket } from './known';

/** Plugs a vNVMe in, and says what came of it. */
export async function attachTo(choice: VmChoice, vnvme: string, forceSlow: boolean): Promise<string> {
  const request: AttachVnvme = { ...target(choice), forceSlow };
  const change = await post<VnvmeChange>(`vnvmes/${segment(vnvme)}/attach`, request);
  if (request.qmp) {
    rememberSocket(request.qmp);
  }
  return [change.outcome, ...change.warnings].join(' ');
}
