package io.vnvme.control.vm;

import io.avaje.jsonb.Json;
import io.vnvme.control.model.TextList;
import java.util.ArrayList;
import java.util.Map;
import java.util.Objects;

/**
 * What QEMU keeps of a VM's vfio-user devices.
 *
 * @param images by the devices' ids
 */
@Json
public record PciImages(Map<String, PciImage> images) {
    public PciImages {
        TextList.check("images", images == null ? null : new ArrayList<>(images.values()));
        images = Map.copyOf(Objects.requireNonNullElse(images, Map.of()));
    }
}
