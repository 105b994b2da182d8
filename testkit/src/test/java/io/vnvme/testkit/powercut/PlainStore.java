package io.vnvme.testkit.powercut;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.reactor.Clock;
import io.vnvme.testkit.sim.CutImage;
import io.vnvme.testkit.sim.ForwardingVolume;
import io.vnvme.testkit.sim.PowerCutDrive;
import io.vnvme.volume.LinearVolume;
import io.vnvme.volume.Volume;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Volumes at fixed places of one drive: too simple to be wrong, unless told to. */
final class PlainStore implements StoreKind {
    /** What it does wrong. */
    enum Wrong {
        NOTHING,
        /** A flush is answered and not done. */
        FLUSH_FORGOTTEN,
        /** Force Unit Access is not passed on. */
        FUA_FORGOTTEN,
        /** The last sectors of one volume are the first of the next. */
        VOLUMES_OVERLAP,
        /** Deallocated ranges keep what they held. */
        DEALLOCATE_FORGOTTEN,
        /** After a start one volume is where another was. */
        VOLUMES_SWAPPED
    }

    private static final long VOLUME_BYTES = 256 << 10;
    private static final int VOLUMES = 3;

    private final Wrong wrong;

    PlainStore(Wrong wrong) {
        this.wrong = wrong;
    }

    private long start(String name) {
        int index = name.charAt(0) - 'a';
        return index * VOLUME_BYTES - (wrong == Wrong.VOLUMES_OVERLAP ? index * 512 : 0);
    }

    @Override
    public List<DriveShape> drives(SplittableRandom random) {
        return List.of(new DriveShape(VOLUMES * VOLUME_BYTES, random.nextBoolean() ? 512 : 4096));
    }

    @Override
    public Map<String, Long> format(List<PowerCutDrive> drives, SplittableRandom random) {
        Map<String, Long> volumes = new TreeMap<>();
        for (int i = 0; i < VOLUMES; i++) {
            volumes.put(String.valueOf((char) ('a' + i)), VOLUME_BYTES);
        }
        return volumes;
    }

    @Override
    public Store start(List<PowerCutDrive> drives, Clock clock) {
        return new Running(drives.getFirst());
    }

    @Override
    public Recovered recover(List<CutImage> images, Clock clock) {
        return new Found(images.getFirst());
    }

    /** One of the volumes, with what is wrong with it. */
    private final class PlainVolume extends ForwardingVolume {
        PlainVolume(PowerCutDrive drive, String name) {
            super(new LinearVolume(drive, start(name), VOLUME_BYTES));
        }

        @Override
        public int submit(Io io) {
            if (wrong == Wrong.FLUSH_FORGOTTEN && io.operation() == Io.FLUSH
                    || wrong == Wrong.DEALLOCATE_FORGOTTEN && io.operation() == Io.DEALLOCATE) {
                return IoStatus.OK;
            }
            if (wrong == Wrong.FUA_FORGOTTEN && io.operation() == Io.WRITE && io.forceUnitAccess()) {
                Io silent = new Io((_, status) -> io.complete(status));
                silent.prepare(Io.WRITE, io.offsetBytes(), io.lengthBytes(), false);
                silent.data().copyOf(io.data());
                return below().submit(silent);
            }
            return below().submit(io);
        }
    }

    private final class Running implements Store {
        private final PowerCutDrive drive;

        Running(PowerCutDrive drive) {
            this.drive = drive;
        }

        @Override
        public Volume volume(String name) {
            return new PlainVolume(drive, name);
        }

        @Override
        public boolean changeable() {
            return false;
        }

        @Override
        public void create(String name, long sizeBytes, int blockSizeBytes, boolean thick, Outcome outcome) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void snapshot(String volume, String snapshot, Outcome outcome) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void clone(String source, String name, Outcome outcome) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void remove(String name, Outcome outcome) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void rollback(String volume, String snapshot, Outcome outcome) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void rename(String from, String to, Outcome outcome) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void resize(String name, long sizeBytes, Outcome outcome) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean waitsForSpace() {
            return false;
        }

        @Override
        public boolean settled() {
            return true;
        }

        @Override
        public long usedClusters() {
            return 0;
        }

        @Override
        public void giveUp() {}

        @Override
        public int poll(long nowNs) {
            return drive.poll(nowNs);
        }

        @Override
        public long prepareSleep(long nowNs) {
            return drive.prepareSleep(nowNs);
        }

        @Override
        public void close(Outcome outcome) {
            Io flush = new Io((_, _) -> outcome.ended(null));
            flush.prepare(Io.FLUSH, 0, 0, false);
            if (drive.submit(flush) != IoStatus.PENDING) {
                outcome.ended(null);
            }
        }
    }

    private final class Found implements Recovered {
        private final CutImage image;

        Found(CutImage image) {
            this.image = image;
        }

        @Override
        public Map<String, Long> sizes() {
            return Map.of("a", VOLUME_BYTES, "b", VOLUME_BYTES, "c", VOLUME_BYTES);
        }

        @Override
        public void read(String name, long[] stamps, int sectors) {
            String other = wrong == Wrong.VOLUMES_SWAPPED ? name.equals("a") ? "b" : "a" : name;
            image.stamps(start(other), stamps, 0, sectors);
        }

        @Override
        public void check() {}

        @Override
        public long usedClusters() {
            return 0;
        }
    }
}
