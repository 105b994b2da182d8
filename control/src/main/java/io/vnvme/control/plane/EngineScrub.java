package io.vnvme.control.plane;

import io.vnvme.control.store.ScrubMark;
import io.vnvme.pool.Pool;
import io.vnvme.pool.Scrub;
import io.vnvme.reactor.Home;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** A scrub, followed by a thread that waits for it: what takes long, as keeping a mark, is not done on the reactor. */
final class EngineScrub {
    private static final int LOOK_MS = 50;

    private EngineScrub() {}

    /** See {@link OpenPool#scrub}. @throws CancellationException when it did not look at everything */
    static Scrub.Report run(
            Home home, Pool pool, Optional<ScrubMark> from, Progress progress, Consumer<ScrubMark> marks) {
        CompletableFuture<Scrub.Report> end = new CompletableFuture<>();
        Scrub scrub = EngineFailure.translated(() -> home.call(() -> pool.scrub(
                from.map(EngineScrub::mark),
                (done, total) -> progress.at(EnginePool.bytes(done), EnginePool.bytes(total)),
                (report, complete) -> {
                    if (complete) {
                        end.complete(report);
                    } else {
                        end.completeExceptionally(new CancellationException());
                    }
                })));
        while (!ended(end)) {
            if (progress.cancelled()) {
                home.execute(scrub::cancel);
            } else if (progress.markDue()) {
                CompletableFuture<ScrubMark> mark = new CompletableFuture<>();
                home.execute(() -> scrub.mark(m -> mark.complete(kept(m))));
                CompletableFuture.anyOf(mark, end.handle((_, _) -> true)).join();
                if (mark.isDone()) {
                    marks.accept(mark.join());
                }
            }
        }
        return EngineFailure.translated(end::join);
    }

    private static boolean ended(CompletableFuture<Scrub.Report> end) {
        try {
            end.get(LOOK_MS, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException | CancellationException | CompletionException e) {
            // Who asks for the report is told why.
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException();
        }
    }

    private static Scrub.Mark mark(ScrubMark kept) {
        return new Scrub.Mark(
                kept.layer(),
                kept.page(),
                kept.part(),
                kept.index(),
                new Scrub.Report(
                        kept.clustersRead(), kept.pagesRead(), kept.repaired(), kept.errors(), kept.findings()));
    }

    private static ScrubMark kept(Scrub.Mark mark) {
        Scrub.Report report = mark.report();
        return new ScrubMark(
                mark.layer(),
                mark.page(),
                mark.part(),
                mark.index(),
                report.clustersRead(),
                report.pagesRead(),
                report.repaired(),
                report.errors(),
                report.findings());
    }
}
