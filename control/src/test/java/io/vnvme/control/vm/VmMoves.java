package io.vnvme.control.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A move between two machines that are none, with drives that note what they are told. */
abstract class VmMoves {
    static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    final FakeMachine source = new FakeMachine().used();
    final FakeMachine destination = new FakeMachine().incoming();
    final Drives drives = new Drives();
    final List<MoveProgress> progress = new ArrayList<>();
    /** What went on at the source while the destination lived. */
    private final List<String> two = new ArrayList<>();

    VmMove move;

    @BeforeEach
    void pair() {
        source.peer = destination;
        source.onCont = () -> goesOn(
                "VM", destination.gone || !destination.unanswered.isEmpty() && !destination.status.equals("running"));
        move = move(LIMIT);
    }

    /** What throws on the way back is tried and noted only, so that a check there would not fail. */
    private void goesOn(String what, boolean alone) {
        if (!alone) {
            two.add(what);
        }
    }

    @AfterEach
    void twoNeverGoOn() {
        assertThat(two).isEmpty();
    }

    VmMove move(Duration copyLimit) {
        return new VmMove(
                new MoveSource(source),
                new QemuDestination(destination, folder, "unix:/tmp/channel"),
                drives,
                new VmMove.Terms(copyLimit, LIMIT, progress::add));
    }

    /** Notes what it is told, and fails or cancels when it is told so. */
    final class Drives implements MovingDrives {
        final List<String> told = new ArrayList<>();
        String fails = "";
        String cancels = "";
        /** What giving up fails with. */
        @Nullable
        Error error;

        Runnable onBegin = () -> {};
        Runnable onResume = () -> {};
        private String status = "";

        private void told(String step) {
            if (!told.contains(step)) {
                told.add(step);
            }
            if (step.equals(cancels)) {
                move.cancel();
            }
            if (step.equals(fails)) {
                throw new IllegalStateException(step + " fails");
            }
        }

        @Override
        public void begin(List<String> deviceIds) {
            assertThat(deviceIds).containsExactly("drive0");
            status = source.status;
            onBegin.run();
            told("begin");
        }

        @Override
        public void round() {
            assertThat(source.status).isEqualTo(status);
            told("round");
        }

        @Override
        public void freeze() {
            assertThat(source.status).isEqualTo("finish-migrate");
            told("freeze");
        }

        @Override
        public void load() {
            assertThat(source.status).isEqualTo("postmigrate");
            assertThat(destination.status).isEqualTo("paused");
            assertThat(destination.config).as("replayed").isEqualTo(source.config);
            told("load");
        }

        @Override
        public void give() {
            assertThat(destination.status).isEqualTo("paused");
            told("give");
        }

        @Override
        public void resume() {
            assertThat(destination.status).isEqualTo("paused");
            onResume.run();
            told("resume");
        }

        @Override
        public void end() {
            assertThat(source.gone).isEqualTo(source.unanswered.isEmpty());
            told("end");
        }

        @Override
        public void giveUp() {
            goesOn("drives", destination.gone || !destination.unanswered.isEmpty());
            told("giveUp");
            if (error != null) {
                throw error;
            }
        }
    }
}
