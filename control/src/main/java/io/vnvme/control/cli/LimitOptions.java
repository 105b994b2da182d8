package io.vnvme.control.cli;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.ChangeLimits;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** How much may be done in a second. */
final class LimitOptions {
    @Option(
            names = "--limit-read-iops",
            paramLabel = "N",
            converter = Count.class,
            description = "at most N commands a second that read; any number from 1 up, or 'none'")
    private @Nullable Long readIops;

    @Option(
            names = "--limit-write-iops",
            paramLabel = "N",
            converter = Count.class,
            description = "at most N commands a second that write")
    private @Nullable Long writeIops;

    @Option(
            names = "--limit-iops",
            paramLabel = "N",
            converter = Count.class,
            description = "at most N commands a second that read or write")
    private @Nullable Long iops;

    @Option(
            names = "--limit-read-bw",
            paramLabel = "SIZE",
            converter = Bandwidth.class,
            description = "read at most so many bytes a second, such as 100M (powers of 1024), or 'none'")
    private @Nullable Long readBytes;

    @Option(
            names = "--limit-write-bw",
            paramLabel = "SIZE",
            converter = Bandwidth.class,
            description = "write at most so many bytes a second")
    private @Nullable Long writeBytes;

    @Option(
            names = "--limit-bw",
            paramLabel = "SIZE",
            converter = Bandwidth.class,
            description = "read and write at most so many bytes a second together")
    private @Nullable Long bytes;

    @Option(
            names = "--burst",
            paramLabel = "SECONDS",
            description = "save up so many seconds' worth of each limit while less is used (default: 0)")
    private @Nullable Integer burstSeconds;

    ChangeLimits change(boolean unlimited) {
        return new ChangeLimits(readIops, writeIops, iops, readBytes, writeBytes, bytes, burstSeconds, unlimited);
    }

    /** A number from 1 up; {@code none} is 0 to the API. */
    static final class Count implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            if (text.equals("none")) {
                return 0L;
            }
            try {
                long count = Long.parseLong(text);
                if (count > 0) {
                    return count;
                }
            } catch (NumberFormatException e) {
                throw new TypeConversionException(
                        "'%s' is no whole number: a limit is 1 or more, or 'none'".formatted(text));
            }
            throw new TypeConversionException(
                    "'%s' lets nothing through: a limit is 1 or more, or 'none'".formatted(text));
        }
    }

    /** A size from 1 byte up; {@code none} is 0 to the API. */
    static final class Bandwidth implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            try {
                return text.equals("none") ? 0L : Long.valueOf(ByteSize.parse(text));
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }
}
