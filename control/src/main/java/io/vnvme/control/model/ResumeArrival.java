package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * From here on the vNVMes of a VM on its way are this daemon's. Asked again, it is answered again.
 *
 * @param running whether the VM ran where it comes from: it goes on here by itself when nothing more is heard
 */
@Json
public record ResumeArrival(boolean running) {}
