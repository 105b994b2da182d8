package io.vnvme.control.plane;

import io.vnvme.control.plane.DataPlane.Connection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A client. */
public final class FakeConnection implements Connection {
    public volatile boolean open = true;
    public volatile boolean ready = true;
    public volatile boolean failing;
    public volatile boolean settled = true;
    public volatile @Nullable String shown;
    public volatile @Nullable String failure;

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
