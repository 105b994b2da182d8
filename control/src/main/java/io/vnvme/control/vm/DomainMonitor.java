package io.vnvme.control.vm;

import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** The monitor of a libvirt domain: libvirt holds it, and passes commands on, a process for each. */
final class DomainMonitor implements Monitor {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);
    private static final JsonType<Object> JSON = Jsonb.builder().build().type(Object.class);

    private final Virsh virsh;
    private final String uri;
    private final VmAddress.Domain domain;
    private final QemuVersion version;

    DomainMonitor(Virsh virsh, String uri, VmAddress.Domain domain) {
        this.virsh = virsh;
        this.uri = uri;
        this.domain = domain;
        this.version = QemuVersion.of(execute("query-version", Map.of()) instanceof Map<?, ?> map ? map : Map.of());
    }

    @Override
    public QemuVersion version() {
        return version;
    }

    @Override
    public Object execute(String command, Map<String, ?> arguments) {
        Map<String, Object> request = new LinkedHashMap<>();
        request.put("execute", command);
        if (!arguments.isEmpty()) {
            request.put("arguments", arguments);
        }
        Virsh.Answer answer = virsh.run("qemu-monitor-command", "--domain", domain.uuid(), JSON.toJson(request));
        if (!answer.ok()) {
            throw refused(answer.error());
        }
        Map<?, ?> message = parsed(command, answer.output());
        if (message.get("error") instanceof Map<?, ?> error) {
            throw new QmpException(String.valueOf(error.get("class")), String.valueOf(error.get("desc")));
        }
        Object result = message.get("return");
        return result == null ? Map.of() : result;
    }

    private Map<?, ?> parsed(String command, String answer) {
        try {
            if (JSON.fromJson(answer) instanceof Map<?, ?> message) {
                return message;
            }
        } catch (RuntimeException e) {
            throw notJson(command, e);
        }
        throw notJson(command, null);
    }

    private ProblemException notJson(String command, @org.jspecify.annotations.Nullable RuntimeException cause) {
        String words =
                "what libvirt at %s passes on of VM %s is no answer to %s".formatted(uri, domain.name(), command);
        return cause == null
                ? new ProblemException(ProblemCode.VM_NOT_QMP, words)
                : new ProblemException(ProblemCode.VM_NOT_QMP, words, cause);
    }

    /** Libvirt has no codes on this way: what it says is told apart by its words, and shown. */
    private ProblemException refused(String error) {
        if (error.contains("domain is not running")) {
            return new ProblemException(
                    ProblemCode.VM_NOT_RUNNING,
                    "VM %s does not run: start it ('virsh start'), or give it the drive from its start ('vnvme show NAME --libvirt')"
                            .formatted(domain.name()));
        }
        if (error.contains("failed to get domain") || error.contains("Domain not found")) {
            return new ProblemException(
                    ProblemCode.UNKNOWN_VM,
                    "libvirt at %s has no VM %s any more: see 'vnvme vm ls'".formatted(uri, domain.name()));
        }
        if (error.contains("cannot acquire state change lock")) {
            return new ProblemException(
                    ProblemCode.VM_MONITOR_BUSY,
                    "libvirt is busy with VM %s: try again when it is done".formatted(domain.name()));
        }
        if (error.contains("failed to connect to the hypervisor")) {
            return new ProblemException(
                    ProblemCode.LIBVIRT_UNREACHABLE,
                    "libvirt at %s does not answer: %s; see that its daemon runs".formatted(uri, error));
        }
        return new ProblemException(
                ProblemCode.VM_UNREACHABLE, "libvirt does not reach VM %s: %s".formatted(domain.name(), error));
    }

    @Override
    public boolean awaitDeleted(String deviceId, Duration timeout, BooleanSupplier gone) {
        long deadlineNs = System.nanoTime() + timeout.toNanos();
        try {
            while (!gone.getAsBoolean()) {
                if (System.nanoTime() >= deadlineNs) {
                    return false;
                }
                Thread.sleep(LOOK_AGAIN);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(ProblemCode.INTERNAL, "interrupted while talking to VM " + domain.name(), e);
        }
    }

    /** Libvirt's own job: it has to know. */
    @Override
    public void cancelMigration() {
        Virsh.Answer answer = virsh.run("domjobabort", "--domain", domain.uuid());
        if (!answer.ok()) {
            throw refused(answer.error());
        }
    }

    @Override
    public Advice advice() {
        return Advice.LIBVIRT;
    }

    /** Nothing is held between two commands. */
    @Override
    public void close() {}
}
