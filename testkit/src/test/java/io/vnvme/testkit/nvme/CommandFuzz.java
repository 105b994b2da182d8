package io.vnvme.testkit.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.Completion;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.driver.SubmissionQueue;
import io.vnvme.testkit.seed.FuzzLoop;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Random commands, admin and I/O: each ends in one completion, and a neighbour notices nothing. */
final class CommandFuzz {
    private static final int COMMANDS = 400;
    private static final int QUEUE_ENTRIES = 64;
    /** Event requests that may wait, and the first half of a fused operation in each queue. */
    private static final int WAITING_MAX = 8 + 1;

    private static final int[] ADMIN = {
        AdminOpcode.DELETE_SQ,
        AdminOpcode.CREATE_SQ,
        AdminOpcode.GET_LOG_PAGE,
        AdminOpcode.DELETE_CQ,
        AdminOpcode.CREATE_CQ,
        AdminOpcode.IDENTIFY,
        AdminOpcode.ABORT,
        AdminOpcode.SET_FEATURES,
        AdminOpcode.GET_FEATURES,
        AdminOpcode.ASYNC_EVENT_REQUEST,
        AdminOpcode.KEEP_ALIVE,
        AdminOpcode.DOORBELL_BUFFER_CONFIG,
        AdminOpcode.FORMAT_NVM
    };
    private static final int[] IO = {
        IoOpcode.FLUSH,
        IoOpcode.WRITE,
        IoOpcode.READ,
        IoOpcode.COMPARE,
        IoOpcode.WRITE_ZEROES,
        IoOpcode.DATASET_MANAGEMENT,
        IoOpcode.VERIFY,
        IoOpcode.RESERVATION_REGISTER,
        IoOpcode.RESERVATION_REPORT,
        IoOpcode.RESERVATION_ACQUIRE,
        IoOpcode.RESERVATION_RELEASE,
        IoOpcode.COPY
    };

    @Test
    void everyCommandEndsOnce() {
        FuzzLoop.run("commands", CommandFuzz::round);
    }

    private static void round(SplittableRandom random) {
        try (Neighbours neighbours = new Neighbours(random)) {
            NvmeDriver driver = NvmeDriver.start(neighbours.hostile());
            driver.createPair(1, QUEUE_ENTRIES, 1);
            Tally tally = new Tally(driver);
            boolean admin = random.nextInt(3) == 0;
            for (int i = 0; i < COMMANDS && tally.orderly; i++) {
                if (i % 100 == 0) {
                    neighbours.scribble();
                }
                QueuePair pair = driver.pair(admin && random.nextInt(4) == 0 ? 0 : 1);
                if (tally.room(pair.submissions())) {
                    tally.submit(pair, command(neighbours, random, pair.id() == 0 ? ADMIN : IO));
                }
                if (random.nextInt(60) == 0) {
                    neighbours.toggleRegion();
                }
                if (random.nextInt(8) == 0) {
                    neighbours.steps(random.nextInt(20));
                    tally.collect();
                }
            }
            neighbours.check();
            if (tally.orderly) {
                tally.finish(neighbours);
            }
            neighbours.recover();
            neighbours.check();
            neighbours.checkDrive();
        }
    }

    private static Command command(Neighbours neighbours, SplittableRandom random, int[] opcodes) {
        int opcode = random.nextInt(10) == 0 ? random.nextInt(256) : opcodes[random.nextInt(opcodes.length)];
        Command command = Command.of(opcode);
        if (random.nextInt(12) == 0) {
            command.dword(0, opcode | random.nextInt() & 0xFF00);
        }
        command.nsid(random.nextInt(6) == 0 ? (int) neighbours.word() : 1);
        int psdt = random.nextInt(4) == 0 ? random.nextInt(4) : 0;
        command.data(neighbours.word(), neighbours.word(), psdt);
        if (random.nextBoolean()) {
            // A place that most commands accept.
            command.data(neighbours.address() & -4096, neighbours.address() & -4096, 0);
        }
        for (int dword = 10; dword < 16; dword++) {
            command.dword(dword, random.nextInt(3) == 0 ? random.nextInt() : random.nextInt(16));
        }
        if (random.nextBoolean()) {
            command.range(random.nextInt(2048), random.nextInt(1, 128));
        }
        return command;
    }

    /** Commands given and completions taken, as long as a count makes sense. */
    private static final class Tally {
        private final NvmeDriver driver;
        private final int[] outstanding = new int[2];
        private final int[] adminOpcodes = new int[1 << 16];
        private boolean orderly = true;

        Tally(NvmeDriver driver) {
            this.driver = driver;
        }

        boolean room(SubmissionQueue queue) {
            return !queue.full() && outstanding[queue.id()] < queue.entryCount() - 1;
        }

        void submit(QueuePair pair, Command command) {
            int cid = pair.start(command);
            if (pair.id() == 0) {
                adminOpcodes[cid] = command.dword(0) & 0xFF;
            }
            outstanding[pair.id()]++;
        }

        void collect() {
            for (int id = 0; id < 2 && orderly; id++) {
                QueuePair pair = driver.pair(id);
                for (Completion entry = pair.completions().poll();
                        entry != null;
                        entry = pair.completions().poll()) {
                    assertThat(entry.sqId()).isEqualTo(id);
                    outstanding[id]--;
                    assertThat(outstanding[id])
                            .as("completions beyond commands")
                            .isNotNegative();
                    note(entry);
                }
                pair.completions().ring();
            }
            orderly &= !driver.fatal();
        }

        /** What moves the queues away from under us ends the counting. */
        private void note(Completion entry) {
            int opcode = entry.sqId() == 0 ? adminOpcodes[entry.cid()] : -1;
            orderly &= entry.status() != Status.SUCCESS
                    || (opcode != AdminOpcode.DELETE_SQ
                            && opcode != AdminOpcode.CREATE_SQ
                            && opcode != AdminOpcode.CREATE_CQ
                            && opcode != AdminOpcode.DELETE_CQ
                            && opcode != AdminOpcode.DOORBELL_BUFFER_CONFIG);
        }

        void finish(Neighbours neighbours) {
            for (int i = 0; i < 200 && orderly; i++) {
                neighbours.steps(20);
                collect();
            }
            if (orderly) {
                assertThat(outstanding[0]).as("admin commands that wait").isBetween(0, WAITING_MAX);
                assertThat(outstanding[1]).as("I/O commands that wait").isBetween(0, 1);
            }
        }
    }
}
