package io.vnvme.nvme;

import io.vnvme.nvme.wire.AsyncEvent;
import io.vnvme.nvme.wire.FeatureId;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Get Features and Set Features (NVM Express Base 2.0, 5.15 and 5.27). No feature is saveable: a reset brings back
 * the defaults.
 */
final class Features {
    /** Feature identifiers below this have their value at FEATURES + 4 * identifier in the controller's state. */
    private static final int VALUES = 0x20;

    private static final int SELECT_DEFAULT = 1;
    private static final int SELECT_SAVED = 2;
    private static final int SELECT_CAPABILITIES = 3;
    private static final int CHANGEABLE = 1 << 2;
    private static final int NAMESPACE_SPECIFIC = 1 << 1;

    private static final int HOST_BEHAVIOR_BYTES = 512;
    /** Composite temperature limit by default: 343 K, 70 degrees Celsius. */
    private static final int TEMPERATURE_DEFAULT = 343;
    /** Events that a host can ask for: namespace attribute and SMART notices. */
    private static final int EVENTS_DEFAULT = 0;

    private static final int NAMESPACE_NOTICES = 1 << 8;
    private static final int ANA_NOTICES = 1 << 11;
    private static final int DISCOVERY_NOTICES = 1 << 31;

    private final Controller controller;
    private final MemorySegment buffer = Arena.ofAuto().allocate(HOST_BEHAVIOR_BYTES, 8);
    private Reservations.Host host;

    Features(Controller controller) {
        this.controller = controller;
        this.host = firstHost();
    }

    /** The host before it has set an identifier. */
    private Reservations.Host firstHost() {
        Reservations.Host named = controller.kind().host();
        return named == null ? Reservations.Host.unnamed(controller) : named;
    }

    void reset() {
        for (int id = 0; id < VALUES; id++) {
            value(id, defaultValue(id));
        }
        ControllerState state = controller.state();
        state.segment().asSlice(ControllerState.HOST_ID, 32).fill((byte) 0);
        state.setLong(ControllerState.TIMESTAMP_SET_NS, System.nanoTime());
        for (int vector = 0; vector < ControllerState.VECTORS_MAX; vector += Integer.SIZE) {
            state.setInt(vectorWord(vector), 0);
        }
        host = firstHost();
        if (controller.kind().host() != null) {
            state.setLong(ControllerState.HOST_ID, host.low());
            state.setLong(ControllerState.HOST_ID + 8, host.high());
        }
        controller.keepAlive().timeout(value(FeatureId.KEEP_ALIVE_TIMER));
        temperatureThreshold(0, TEMPERATURE_DEFAULT);
        temperatureThreshold(1, 0);
    }

    /** Takes up what the controller's state says. */
    void adopt() {
        boolean identified = controller.kind().host() == null && (hostIdLow() != 0 || hostIdHigh() != 0);
        // Without an identifier it is known by its controller's, which may have come from elsewhere.
        host = identified ? new Reservations.Host(hostIdLow(), hostIdHigh()) : firstHost();
        controller.keepAlive().timeout(value(FeatureId.KEEP_ALIVE_TIMER));
    }

    /** @param kind 0: over, 1: under */
    private int temperatureThreshold(int kind) {
        return controller.state().getInt(ControllerState.TEMPERATURES + 4L * kind);
    }

    private void temperatureThreshold(int kind, int kelvin) {
        controller.state().setInt(ControllerState.TEMPERATURES + 4L * kind, kelvin);
    }

    private static long vectorWord(int vector) {
        return ControllerState.VECTOR_CONFIG + vector / Integer.SIZE * 4L;
    }

    /** Coalescing Disable of a vector, in its place in dword 11. */
    private int vectorConfig(int vector) {
        return (controller.state().getInt(vectorWord(vector)) >>> vector & 1) << 16;
    }

    private void vectorConfig(int vector, boolean coalescingDisabled) {
        int word = controller.state().getInt(vectorWord(vector)) & ~(1 << vector);
        controller.state().setInt(vectorWord(vector), coalescingDisabled ? word | 1 << vector : word);
    }

    private int defaultValue(int id) {
        return switch (id) {
            case FeatureId.ARBITRATION -> 7;
            case FeatureId.TEMPERATURE_THRESHOLD -> TEMPERATURE_DEFAULT;
            case FeatureId.VOLATILE_WRITE_CACHE -> 1;
            case FeatureId.NUMBER_OF_QUEUES ->
                ControllerState.IO_QUEUES_MAX - 1 | ControllerState.IO_QUEUES_MAX - 1 << 16;
            case FeatureId.ASYNC_EVENT_CONFIG -> EVENTS_DEFAULT;
            case FeatureId.KEEP_ALIVE_TIMER -> controller.kind().keepAliveMs();
            default -> 0;
        };
    }

    private int value(int id) {
        return controller.state().getInt(ControllerState.FEATURES + 4L * id);
    }

    private void value(int id, int value) {
        controller.state().setInt(ControllerState.FEATURES + 4L * id, value);
    }

    int arbitration() {
        return value(FeatureId.ARBITRATION);
    }

    /** False when every write has to reach the media before it completes. */
    boolean writeCacheEnabled() {
        return (value(FeatureId.VOLATILE_WRITE_CACHE) & 1) != 0;
    }

    /** True when the host wants to hear of this event. */
    boolean reports(int event) {
        int wanted = value(FeatureId.ASYNC_EVENT_CONFIG);
        if (event == AsyncEvent.DISCOVERY_LOG_CHANGED) {
            return (wanted & DISCOVERY_NOTICES) != 0;
        }
        if (event == AsyncEvent.ANA_CHANGED) {
            return (wanted & ANA_NOTICES) != 0;
        }
        return event != AsyncEvent.NAMESPACE_CHANGED || (wanted & NAMESPACE_NOTICES) != 0;
    }

    /** The host as reservations know it. */
    Reservations.Host host() {
        return host;
    }

    /** Host Identifier: low and high half, both 0 when the host set none. */
    private long hostIdLow() {
        return controller.state().getLong(ControllerState.HOST_ID);
    }

    private long hostIdHigh() {
        return controller.state().getLong(ControllerState.HOST_ID + 8);
    }

    static boolean supported(int id) {
        return switch (id) {
            case FeatureId.ARBITRATION,
                    FeatureId.POWER_MANAGEMENT,
                    FeatureId.TEMPERATURE_THRESHOLD,
                    FeatureId.ERROR_RECOVERY,
                    FeatureId.VOLATILE_WRITE_CACHE,
                    FeatureId.NUMBER_OF_QUEUES,
                    FeatureId.INTERRUPT_COALESCING,
                    FeatureId.INTERRUPT_VECTOR_CONFIG,
                    FeatureId.WRITE_ATOMICITY,
                    FeatureId.ASYNC_EVENT_CONFIG,
                    FeatureId.TIMESTAMP,
                    FeatureId.KEEP_ALIVE_TIMER,
                    FeatureId.HOST_BEHAVIOR,
                    FeatureId.COMMAND_SET_PROFILE,
                    FeatureId.HOST_IDENTIFIER,
                    FeatureId.RESERVATION_NOTIFICATION_MASK,
                    FeatureId.RESERVATION_PERSISTENCE -> true;
            default -> false;
        };
    }

    static boolean namespaceSpecific(int id) {
        return id == FeatureId.ERROR_RECOVERY
                || id == FeatureId.RESERVATION_NOTIFICATION_MASK
                || id == FeatureId.RESERVATION_PERSISTENCE;
    }

    /** Data that Get Features returns, in bytes. */
    int getBytes(Request request) {
        return select(request) == SELECT_CAPABILITIES ? 0 : dataBytes(request);
    }

    /** Data that Set Features brings, in bytes. */
    int setBytes(Request request) {
        return dataBytes(request);
    }

    private static int dataBytes(Request request) {
        return switch (id(request)) {
            case FeatureId.TIMESTAMP -> 8;
            case FeatureId.HOST_BEHAVIOR -> HOST_BEHAVIOR_BYTES;
            case FeatureId.HOST_IDENTIFIER -> extendedHostId(request) ? 16 : 8;
            default -> 0;
        };
    }

    private static boolean extendedHostId(Request request) {
        return (request.dword(11) & 1) != 0;
    }

    private static int id(Request request) {
        return request.dword(10) & 0xff;
    }

    private static int select(Request request) {
        return request.dword(10) >>> 8 & 7;
    }

    int get(Request request) {
        int id = id(request);
        int select = select(request);
        if (!supported(id) || select > SELECT_CAPABILITIES) {
            return Status.INVALID_FIELD;
        }
        if (select == SELECT_CAPABILITIES) {
            request.result(CHANGEABLE | (namespaceSpecific(id) ? NAMESPACE_SPECIFIC : 0));
            return Status.SUCCESS;
        }
        if (namespaceSpecific(id)) {
            Namespace namespace = controller.namespaces().find(request.nsid());
            if (namespace == null) {
                // The reservation features name this status for FFFFFFFFh (5.27.1.26 and .27).
                boolean broadcastField = request.nsid() == -1 && id != FeatureId.ERROR_RECOVERY;
                return broadcastField || ActiveNamespaces.valid(request.nsid())
                        ? Status.INVALID_FIELD
                        : Status.INVALID_NAMESPACE;
            }
            request.namespace(namespace);
        }
        boolean defaults = select == SELECT_DEFAULT || select == SELECT_SAVED;
        return defaults ? getDefault(request, id) : getCurrent(request, id);
    }

    private int getDefault(Request request, int id) {
        if (request.dataBytes() > 0) {
            buffer.fill((byte) 0);
            request.data().copyFrom(0, buffer, 0, request.dataBytes());
        }
        request.result(id < VALUES ? defaultValue(id) & 0xffff_ffffL : 0);
        return Status.SUCCESS;
    }

    private int getCurrent(Request request, int id) {
        switch (id) {
            case FeatureId.TEMPERATURE_THRESHOLD -> {
                int kind = request.dword(11) >>> 20 & 3;
                boolean composite = (request.dword(11) >>> 16 & 0xf) == 0;
                if (kind > 1 || !composite) {
                    return Status.INVALID_FIELD;
                }
                request.result(temperatureThreshold(kind));
            }
            case FeatureId.INTERRUPT_VECTOR_CONFIG -> {
                int vector = request.dword(11) & 0xffff;
                if (vector >= controller.interrupts().vectorCount()) {
                    return Status.INVALID_FIELD;
                }
                request.result(vector | vectorConfig(vector));
            }
            case FeatureId.TIMESTAMP -> getTimestamp(request);
            case FeatureId.HOST_BEHAVIOR -> {
                buffer.fill((byte) 0);
                buffer.set(ValueLayout.JAVA_BYTE, 0, (byte) value(FeatureId.HOST_BEHAVIOR));
                request.data().copyFrom(0, buffer, 0, HOST_BEHAVIOR_BYTES);
            }
            case FeatureId.HOST_IDENTIFIER ->
                request.data().copyFrom(0, controller.state().segment(), ControllerState.HOST_ID, request.dataBytes());
            case FeatureId.RESERVATION_NOTIFICATION_MASK ->
                request.result(request.namespace().reservations().notificationMask(controller));
            case FeatureId.RESERVATION_PERSISTENCE ->
                request.result(request.namespace().reservations().persistent() ? 1 : 0);
            default -> request.result(value(id) & 0xffff_ffffL);
        }
        return Status.SUCCESS;
    }

    private void getTimestamp(Request request) {
        ControllerState state = controller.state();
        long elapsedMs = (System.nanoTime() - state.getLong(ControllerState.TIMESTAMP_SET_NS)) / 1_000_000;
        long set = state.getLong(ControllerState.TIMESTAMP);
        long origin = set == 0 ? 0 : 1L << 49;
        buffer.set(ValueLayout.JAVA_LONG, 0, set + elapsedMs & 0xffff_ffff_ffffL | origin);
        request.data().copyFrom(0, buffer, 0, 8);
    }

    int set(Request request) {
        int id = id(request);
        boolean save = request.dword(10) < 0;
        if (!supported(id)) {
            return Status.INVALID_FIELD;
        }
        if (save) {
            return Status.FEATURE_NOT_SAVEABLE;
        }
        if (namespaceSpecific(id)) {
            Namespace namespace = controller.namespaces().find(request.nsid());
            if (namespace == null && request.nsid() != -1) {
                return ActiveNamespaces.valid(request.nsid()) ? Status.INVALID_FIELD : Status.INVALID_NAMESPACE;
            }
            request.namespace(namespace);
        } else if (request.nsid() != 0 && request.nsid() != -1) {
            return ActiveNamespaces.valid(request.nsid())
                    ? Status.FEATURE_NOT_NAMESPACE_SPECIFIC
                    : Status.INVALID_NAMESPACE;
        }
        return change(request, id, request.dword(11));
    }

    private int change(Request request, int id, int value) {
        switch (id) {
            case FeatureId.ARBITRATION -> {
                value(id, value);
                controller.rearbitrate();
            }
            case FeatureId.POWER_MANAGEMENT -> {
                // There is one power state.
                if ((value & 0x1f) != 0) {
                    return Status.INVALID_FIELD;
                }
                value(id, value & 0xff);
            }
            case FeatureId.TEMPERATURE_THRESHOLD -> {
                int kind = value >>> 20 & 3;
                int sensor = value >>> 16 & 0xf;
                if (kind > 1 || (sensor != 0 && sensor != 0xf)) {
                    return Status.INVALID_FIELD;
                }
                temperatureThreshold(kind, value & 0xffff);
            }
            case FeatureId.NUMBER_OF_QUEUES -> {
                return setNumberOfQueues(request, value);
            }
            case FeatureId.INTERRUPT_VECTOR_CONFIG -> {
                int vector = value & 0xffff;
                if (vector >= controller.interrupts().vectorCount()) {
                    return Status.INVALID_FIELD;
                }
                vectorConfig(vector, (value & 1 << 16) != 0);
            }
            case FeatureId.TIMESTAMP -> {
                request.data().copyTo(0, buffer, 0, 8);
                long milliseconds = buffer.get(ValueLayout.JAVA_LONG, 0) & 0xffff_ffff_ffffL;
                controller.state().setLong(ControllerState.TIMESTAMP, milliseconds);
                controller.state().setLong(ControllerState.TIMESTAMP_SET_NS, System.nanoTime());
            }
            case FeatureId.KEEP_ALIVE_TIMER -> {
                value(id, value);
                controller.keepAlive().timeout(value);
            }
            case FeatureId.HOST_BEHAVIOR -> {
                request.data().copyTo(0, buffer, 0, HOST_BEHAVIOR_BYTES);
                int acre = buffer.get(ValueLayout.JAVA_BYTE, 0);
                if (acre != 0 && acre != 1) {
                    return Status.INVALID_FIELD;
                }
                value(id, acre);
            }
            case FeatureId.COMMAND_SET_PROFILE -> {
                // One combination of command sets: the NVM command set alone, at index 0.
                return (value & 0x1ff) == 0 ? Status.SUCCESS : Status.COMMAND_SET_REJECTED;
            }
            case FeatureId.HOST_IDENTIFIER -> {
                return setHostIdentifier(request);
            }
            case FeatureId.RESERVATION_NOTIFICATION_MASK ->
                forNamespaces(request, namespace -> namespace.reservations().notificationMask(controller, value));
            case FeatureId.RESERVATION_PERSISTENCE -> {
                return setPersistence(request, (value & 1) != 0);
            }
            default -> value(id, value);
        }
        return Status.SUCCESS;
    }

    private int setPersistence(Request request, boolean wanted) {
        List<Namespace> changed = new ArrayList<>();
        forNamespaces(request, changed::add);
        // All of them or none: a host that is refused has changed nothing.
        boolean possible = changed.stream()
                .allMatch(n -> !wanted || n.keeper() != null && n.reservations().canPersist());
        if (!possible) {
            return Status.INVALID_FIELD;
        }
        changed.forEach(n -> n.reservations().persistent(wanted));
        return ReservationCommands.keep(controller, request, changed);
    }

    private void forNamespaces(Request request, Consumer<Namespace> change) {
        Namespace one = request.namespaceOrNull();
        if (one != null) {
            change.accept(one);
            return;
        }
        ActiveNamespaces all = controller.namespaces();
        for (int nsid = all.next(0); nsid != 0; nsid = all.next(nsid)) {
            Namespace namespace = all.find(nsid);
            if (namespace != null) {
                change.accept(namespace);
            }
        }
    }

    private int setNumberOfQueues(Request request, int value) {
        if ((value & 0xffff) == 0xffff || value >>> 16 == 0xffff) {
            return Status.INVALID_FIELD;
        }
        for (int id = 1; id < ControllerState.QUEUES; id++) {
            if (controller.submissionQueue(id) != null || controller.completionQueue(id) != null) {
                return Status.COMMAND_SEQUENCE_ERROR;
            }
        }
        request.result(defaultValue(FeatureId.NUMBER_OF_QUEUES) & 0xffff_ffffL);
        return Status.SUCCESS;
    }

    /** The identifier can be set once between resets, and again to the same value. */
    private int setHostIdentifier(Request request) {
        if (controller.kind().host() != null) {
            // Connect has said who it is (5.27.1.25).
            return Status.COMMAND_SEQUENCE_ERROR;
        }
        buffer.fill((byte) 0);
        request.data().copyTo(0, buffer, 0, request.dataBytes());
        long low = buffer.get(ValueLayout.JAVA_LONG, 0);
        long high = buffer.get(ValueLayout.JAVA_LONG, 8);
        if (low == 0 && high == 0) {
            return Status.INVALID_FIELD;
        }
        boolean unset = hostIdLow() == 0 && hostIdHigh() == 0;
        if (!unset && (low != hostIdLow() || high != hostIdHigh())) {
            return Status.COMMAND_SEQUENCE_ERROR;
        }
        controller.state().setLong(ControllerState.HOST_ID, low);
        controller.state().setLong(ControllerState.HOST_ID + 8, high);
        host = new Reservations.Host(low, high);
        return Status.SUCCESS;
    }
}
