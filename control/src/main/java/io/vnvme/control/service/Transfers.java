package io.vnvme.control.service;

import io.vnvme.control.model.ExportVolume;
import io.vnvme.control.model.ImportVolume;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Volumes to and from files on the daemon's host, as jobs. */
public final class Transfers {
    /**
     * No name that a person can give begins like this: what has it is unfinished. It goes when its pool is opened, unless a job
     * goes on with it.
     */
    static final String UNFINISHED = "~";

    private final ImageImport imports;
    private final ImageExport exports;

    Transfers(ImageImport imports, ImageExport exports) {
        this.imports = imports;
        this.exports = exports;
    }

    /** Begins to copy a volume, as it is now, or a snapshot into a file. */
    public JobInfo export(ExportVolume request) {
        return exports.begin(request);
    }

    /** Begins to make a vNVMe with the content of a file. */
    public JobInfo importFile(ImportVolume request) {
        return imports.begin(request);
    }

    /** @throws ProblemException when it is no path that means the same to everybody */
    static Path path(@Nullable String text) {
        if (text == null || !text.startsWith("/")) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST, "'%s' is no absolute path of a file".formatted(text == null ? "" : text));
        }
        return Path.of(text).normalize();
    }
}
