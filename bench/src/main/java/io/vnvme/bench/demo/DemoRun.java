package io.vnvme.bench.demo;

import io.vnvme.bench.HostBench;
import io.vnvme.bench.load.Neighbours;
import io.vnvme.bench.load.Workload;
import io.vnvme.bench.report.Control;
import io.vnvme.bench.report.Facts;
import io.vnvme.bench.report.Figure;
import io.vnvme.bench.report.GuestView;
import io.vnvme.bench.report.Ratios;
import io.vnvme.bench.report.Results;
import io.vnvme.bench.report.Verify;
import io.vnvme.bench.report.Versions;
import io.vnvme.bench.report.Way;
import io.vnvme.control.model.DriveInfo;
import io.vnvme.control.model.PoolInfo;
import io.vnvme.control.model.VnvmeChange;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.testkit.lab.Accel;
import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.lab.Vm;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** One run of the demo: its steps in order. */
final class DemoRun {
    private static final String DRIVES = "4x640M";
    private static final String DRIVE = "ram0";
    private static final String NAME = "demo";
    private static final String SIZE = "512M";
    private static final String MEASURED_DRIVE = "ram1";
    private static final String MEASURED_POOL = "measured";
    private static final String MEASURED_NAME = "demo-host";
    private static final double NS_PER_MS = 1e6;
    private static final double NS_PER_S = 1e9;
    private static final double US_PER_MS = 1e3;
    private static final String CPU_COUNTED =
            "On the host: the processor time of every thread of the process that serves the drive (bare: of the "
                    + "measuring thread). In the guest: QEMU's process, for the vNVMe QEMU's and the daemon's "
                    + "together, over one second in the middle of fio's run, divided by the rate that fio reports.";

    private final Path home;
    private final Path folder;
    private final Progress progress;
    private final Cleanup cleanup;
    private final Rounds rounds;
    private final Steps steps;
    private final Instant startedAt = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    private final long beganNs = System.nanoTime();
    private final CpuPlan cpus;

    /**
     * @param home the project's folder
     * @param folder an empty one for sockets, state and logs
     */
    DemoRun(Path home, Path folder, Rounds rounds, Progress progress, Cleanup cleanup) throws IOException {
        this.home = home;
        this.folder = folder;
        this.rounds = rounds;
        this.progress = progress;
        this.cleanup = cleanup;
        steps = new Steps(progress);
        cpus = CpuPlan.ofThisMachine();
    }

    /** How often each way is measured. */
    record Rounds(int guest, int host) {}

    private record Created(double claimMs, VnvmeChange change) {}

    private record Plugged(String device, double ms) {}

    private record Moved(Verify verify, double ms) {}

    private record HostMeasured(Series series, String legacyEngine, double otherLoad) {}

    private record GuestMeasured(Series series, String fioVersion) {}

    /**
     * Does it all.
     *
     * @throws DemoException when a step fails
     */
    Results run() throws InterruptedException, IOException {
        Lab lab = steps.run("find QEMU and the guest's parts", this::lab);
        Vnvme vnvme = steps.run("start the daemon", this::startDaemon);
        Created created = steps.run("claim a drive, create a vNVMe", () -> create(vnvme));
        VnvmeInfo drive = created.change().vnvme();
        Vm vm = steps.run("start a VM", () -> startVm(lab));
        Plugged plugged = steps.run("hot-plug the vNVMe", () -> plug(vnvme, vm, drive));
        GuestView view = steps.run("ask the guest's own tools", () -> view(vm, plugged.device()));
        show(view);
        GuestMeasured guest = steps.run("measure in the guest", () -> measureGuest(vnvme, vm, plugged.device()));
        HostMeasured host = steps.run("measure on the host", () -> measureHost(lab, vnvme, vm));
        Moved moved = steps.run("move the drive to a second VM", () -> move(lab, vnvme, vm, drive, plugged.device()));
        steps.run("clean up", this::cleanUp);
        List<Figure> figures = new ArrayList<>(host.series().figures());
        figures.addAll(guest.series().figures());
        return new Results(
                startedAt.toString(),
                (System.nanoTime() - beganNs) / NS_PER_S,
                steps.allOk(),
                lab.accel().name().toLowerCase(Locale.ROOT),
                Facts.machine(),
                versions(vnvme.version(), lab, guest.fioVersion()),
                steps.all(),
                new Control(
                        vnvme.startMs(),
                        created.claimMs(),
                        created.change().micros() / US_PER_MS,
                        plugged.ms(),
                        moved.ms()),
                view,
                CPU_COUNTED,
                host.legacyEngine(),
                host.otherLoad(),
                figures,
                new Ratios(pair(host.series(), Way.BARE), pair(host.series(), Way.LEGACY)),
                moved.verify());
    }

    private Steps.Done<Lab> lab() throws IOException {
        progress.stepAside();
        Lab lab = Lab.prepare();
        String accel = lab.accel() == Accel.KVM ? "KVM" : "software emulation (no working KVM here)";
        return Steps.Done.of(lab, "QEMU " + Facts.version(lab.qemu()) + ", " + accel);
    }

    private Steps.Done<Vnvme> startDaemon() throws IOException {
        Vnvme vnvme = cleanup.add(Vnvme.start(home, folder, DRIVES, cpus.server()));
        return Steps.Done.of(vnvme, "offers four RAM drives of 640 MiB, reactor on CPU " + cpus.server());
    }

    private static Steps.Done<Created> create(Vnvme vnvme) throws InterruptedException {
        long begin = System.nanoTime();
        vnvme.ask(DriveInfo.class, "drive", "claim", DRIVE);
        double claimMs = msSince(begin);
        VnvmeChange change = vnvme.ask(VnvmeChange.class, "create", NAME, "--size", SIZE);
        // Reads of what nobody wrote would find one page of zeros, in the processor's cache.
        HostBench.fill(vnvme.socket(NAME));
        return Steps.Done.of(
                new Created(claimMs, change),
                String.format(
                        Locale.ROOT,
                        "claim %.0f ms (whole command), create %.1f ms (in daemon)",
                        claimMs,
                        change.micros() / US_PER_MS));
    }

    private Steps.Done<Vm> startVm(Lab lab) throws IOException {
        Vm vm = Guest.startForMeasuring(lab, cleanup, folder);
        return Steps.Done.of(vm, "Linux " + vm.sh("uname -r").strip() + " is up");
    }

    private static Steps.Done<Plugged> plug(Vnvme vnvme, Vm vm, VnvmeInfo drive) throws InterruptedException {
        long begin = System.nanoTime();
        vnvme.ask(VnvmeChange.class, "attach", NAME, "--qmp", vm.qmpSocket().toString());
        String device = Guest.device(vm, drive.serial());
        double ms = msSince(begin);
        return Steps.Done.of(
                new Plugged(device, ms),
                String.format(Locale.ROOT, "%s in the running guest after %.2f s", device, ms / US_PER_MS));
    }

    private static Steps.Done<GuestView> view(Vm vm, String device) {
        return Steps.Done.of(Guest.view(vm), Guest.lspciOf(vm, device));
    }

    private void show(GuestView view) {
        StringBuilder text = new StringBuilder();
        section(
                text,
                "guest$ lspci | grep -i nvm",
                view.lspci()
                        .lines()
                        .filter(line -> line.contains("Non-Volatile"))
                        .toList());
        section(text, "guest$ lsblk", view.lsblk().lines().toList());
        section(text, "guest$ nvme list", view.nvmeList().lines().toList());
        progress.print(text.toString());
    }

    private static void section(StringBuilder text, String command, List<String> lines) {
        int width = 96;
        text.append("\n    ").append(command).append('\n');
        for (String line : lines) {
            text.append("    ")
                    .append(line.substring(0, Math.min(width, line.length())).stripTrailing())
                    .append('\n');
        }
        text.append(command.endsWith("list") ? "\n" : "");
    }

    private Steps.Done<GuestMeasured> measureGuest(Vnvme vnvme, Vm vm, String device) throws InterruptedException {
        GuestRounds fio = new GuestRounds(vm, vnvme.pid(), Guest.devices(vm, device), progress);
        Series series = fio.run(rounds.guest());
        return Steps.Done.of(
                new GuestMeasured(series, fio.fioVersion()),
                "fio " + fio.fioVersion() + ", " + "four drives, read and write, " + times(rounds.guest()));
    }

    private Steps.Done<HostMeasured> measureHost(Lab lab, Vnvme vnvme, Vm vm) throws InterruptedException, IOException {
        progress.doing("preparing");
        vnvme.ask(DriveInfo.class, "drive", "claim", MEASURED_DRIVE);
        vnvme.ask(PoolInfo.class, "pool", "create", MEASURED_POOL, MEASURED_DRIVE);
        VnvmeChange created =
                vnvme.ask(VnvmeChange.class, "create", MEASURED_NAME, "--size", SIZE, "--pool", MEASURED_POOL);
        // A halted guest uses no processor.
        vm.qmp().execute("stop", Map.of());
        HostMeasured measured;
        try (Cleanup own = cleanup.add(new Cleanup())) {
            HostRounds ways = HostRounds.prepare(
                    lab,
                    cpus,
                    progress,
                    own,
                    vnvme.socket(MEASURED_NAME),
                    folder,
                    created.vnvme().sizeBytes());
            Neighbours neighbours = new Neighbours();
            Series series = ways.run(rounds.host());
            measured = new HostMeasured(series, ways.legacyEngine(), neighbours.share());
        }
        vm.qmp().execute("cont", Map.of());
        return Steps.Done.of(measured, "legacy, vNVMe and bare drive, read and write, " + times(rounds.host()));
    }

    private Steps.Done<Moved> move(Lab lab, Vnvme vnvme, Vm first, VnvmeInfo drive, String device)
            throws InterruptedException {
        progress.doing("starting the second VM");
        Vm second = Guest.startEmpty(lab, cleanup, folder);
        progress.doing("writing in the first VM");
        Pattern pattern = new Pattern(drive.sizeBytes());
        String written = pattern.write(first, device);
        progress.doing("detaching, attaching");
        long begin = System.nanoTime();
        vnvme.ask(VnvmeChange.class, "detach", NAME);
        Guest.awaitGone(first, drive.serial());
        vnvme.ask(VnvmeChange.class, "attach", NAME, "--qmp", second.qmpSocket().toString());
        String there = Guest.device(second, drive.serial());
        double ms = msSince(begin);
        progress.doing("reading in the second VM");
        String read = pattern.read(second, there);
        boolean same = written.equals(read);
        Moved moved = new Moved(new Verify(same, Pattern.BYTES, written, read), ms);
        String words = same ? "read back the same" : "read back NOT the same";
        return new Steps.Done<>(
                moved,
                same,
                String.format(Locale.ROOT, "moved in %.2f s; %d MiB %s", ms / US_PER_MS, Pattern.BYTES >> 20, words));
    }

    private Steps.Done<Boolean> cleanUp() throws IOException {
        cleanup.close();
        List<String> left = Leftovers.find(folder);
        if (!left.isEmpty()) {
            throw new DemoException("still there: " + String.join(", ", left));
        }
        return Steps.Done.of(true, "no process and no socket is left");
    }

    private static Versions versions(String vnvme, Lab lab, String fio) throws IOException {
        return new Versions(
                vnvme,
                System.getProperty("java.version"),
                Facts.version(lab.qemu()),
                Facts.version(lab.qemuStorageDaemon()),
                fio);
    }

    private static String times(int rounds) {
        return rounds == 1 ? "once" : rounds + " times";
    }

    private static Ratios.Pair pair(Series host, Way other) {
        return new Ratios.Pair(
                host.ratio(Way.VNVME, other, Workload.RANDREAD), host.ratio(Way.VNVME, other, Workload.RANDWRITE));
    }

    private static double msSince(long beginNs) {
        return (System.nanoTime() - beginNs) / NS_PER_MS;
    }
}
