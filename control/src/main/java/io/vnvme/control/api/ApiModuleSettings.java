package io.vnvme.control.api;

import io.avaje.inject.InjectModule;
import io.vnvme.control.audit.AuditLog;
import io.vnvme.control.auth.Doorkeeper;
import io.vnvme.control.metrics.Metrics;
import io.vnvme.control.service.Services;

/** Names the generated wiring and what it is given from outside. */
@InjectModule(
        name = "VnvmeApi",
        requires = {Services.class, Doorkeeper.class, AuditLog.class, Metrics.class})
interface ApiModuleSettings {}
