package io.vnvme.control.service;

import io.vnvme.control.model.ReactorInfo;
import io.vnvme.control.store.ClaimedDrive;
import io.vnvme.control.store.VnvmeRecord;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A data plane without an engine, which fails where a test wants it to. */
final class FakeDataPlane implements DataPlane {
    final Set<String> openDrives = ConcurrentHashMap.newKeySet();
    final Map<String, FakeExport> exports = new ConcurrentHashMap<>();
    final List<String> wiped = new CopyOnWriteArrayList<>();
    /** The call that fails: a method's name. */
    volatile String failing = "";

    private void mayFail(String call) {
        if (failing.equals(call)) {
            throw new IllegalStateException(call + " fails in this test");
        }
    }

    @Override
    public void openDrive(ClaimedDrive drive) {
        mayFail("openDrive");
        openDrives.add(drive.name());
    }

    @Override
    public void closeDrive(String drive) {
        openDrives.remove(drive);
    }

    @Override
    public void wipe(String drive, long offsetBytes, long sizeBytes) {
        mayFail("wipe");
        wiped.add("%s@%d+%d".formatted(drive, offsetBytes, sizeBytes));
    }

    @Override
    public Export export(VnvmeRecord vnvme, Path socket) {
        mayFail("export");
        FakeExport export = new FakeExport(vnvme.name());
        exports.put(vnvme.name(), export);
        return export;
    }

    @Override
    public List<ReactorInfo> reactors() {
        return List.of(new ReactorInfo("fake", -1));
    }

    @Override
    public void close() {
        exports.values().forEach(Export::close);
    }

    final class FakeExport implements Export {
        final String name;
        final List<FakeConnection> connections = new CopyOnWriteArrayList<>();
        volatile boolean listening = true;

        FakeExport(String name) {
            this.name = name;
        }

        /** A client that connects, as QEMU does on device_add. */
        FakeConnection connect() {
            FakeConnection connection = new FakeConnection(name);
            connections.add(connection);
            return connection;
        }

        @Override
        public List<Connection> connections() {
            connections.removeIf(c -> !c.open);
            return new ArrayList<>(connections);
        }

        @Override
        public void stopListening() {
            listening = false;
            exports.remove(name, this);
        }

        @Override
        public void close() {
            listening = false;
            connections.forEach(c -> c.open = false);
            exports.remove(name, this);
        }
    }

    static final class FakeConnection implements Connection {
        volatile boolean open = true;
        volatile boolean ready = true;
        volatile boolean failing;
        volatile boolean settled = true;
        volatile @Nullable String shown;
        volatile @Nullable String failure;

        FakeConnection(String home) {
            this.shown = home;
        }

        @Override
        public long pid() {
            return 42;
        }

        @Override
        public int controllerId() {
            return 1;
        }

        @Override
        public boolean open() {
            return open;
        }

        @Override
        public boolean ready() {
            if (failing) {
                throw new IllegalStateException("ready fails in this test");
            }
            return ready;
        }

        @Override
        public Optional<String> failure() {
            return Optional.ofNullable(failure);
        }

        @Override
        public List<String> shown() {
            return Optional.ofNullable(shown).stream().toList();
        }

        @Override
        public void show(String vnvme) {
            shown = vnvme;
        }

        @Override
        public void hide(String vnvme) {
            shown = null;
        }

        @Override
        public boolean settled() {
            return settled;
        }
    }
}
