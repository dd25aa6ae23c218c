"""What nvidia-smi prints on many machines, and the build of PyTorch that each must get.

The lines have the form of `--query-gpu=driver_version,compute_cap --format=csv,noheader`; drivers
and compute capabilities are those that NVIDIA lists for the cards.
"""

RECORDED = {
    "no GPU": ("", "cpu"),
    "driver without a GPU": ("No devices were found\n", "cpu"),
    "driver not running": (
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure "
        "that the latest NVIDIA driver is installed and running.\n",
        "cpu",
    ),
    "updated, not restarted": (
        "Failed to initialize NVML: Driver/library version mismatch\n"
        "NVML library version: 580.95\n",
        "cpu",
    ),
    "a question that an old driver does not know": (
        'Field "compute_cap" is not a valid field to query.\n\n',
        "cpu",
    ),
    "H100, driver 580": ("580.95.05, 9.0\n", "cu130"),
    "eight H100": ("580.95.05, 9.0\n" * 8, "cu130"),
    "H200, driver 570": ("570.124.06, 9.0\n", "cu126"),
    "A100, driver 535": ("535.183.01, 8.0\n", "cu126"),
    "A100, driver 525": ("525.60.13, 8.0\n", "cu126"),
    "A100, driver 470": ("470.82.01, 8.0\n", "cpu"),
    "B200, driver 580": ("580.82.07, 10.0\n", "cu130"),
    "B200, driver 570": ("570.133.20, 10.0\n", "cpu"),
    "RTX 5090, driver 581 on Windows": ("581.57, 12.0\r\n", "cu130"),
    "RTX 5090, driver 570": ("570.86.10, 12.0\n", "cpu"),
    "DGX Spark": ("580.95.05, 12.1\n", "cu130"),
    "RTX 4090, driver 580": ("580.95.05, 8.9\n", "cu130"),
    "RTX 4090, driver 552 on Windows": ("552.22, 8.9\r\n", "cu126"),
    "RTX 3060, driver 590": ("590.44.01, 8.6\n", "cu130"),
    "T4, driver 580": ("580.65.06, 7.5\n", "cu130"),
    "T4, driver 450": ("450.248.02, 7.5\n", "cpu"),
    "V100, driver 580": ("580.95.05, 7.0\n", "cu126"),
    "GTX 1080, driver 580": ("580.95.05, 6.1\n", "cu126"),
    "GTX 970, driver 580": ("580.95.05, 5.2\n", "cu126"),
    "RTX 4090 and V100": ("580.95.05, 8.9\n580.95.05, 7.0\n", "cu126"),
    "RTX 5090 and GTX 1080": ("580.95.05, 6.1\n580.95.05, 12.0\n", "cu130"),
    "RTX 5090 and RTX 3090, driver 565": ("565.77, 12.0\n565.77, 8.6\n", "cpu"),
    "capability not told, driver 580": ("580.95.05, [N/A]\n", "cu130"),
    "capability unknown, driver 550": ("550.54.15, unknown\n", "cu126"),
    "one of two not told": ("580.95.05, [N/A]\n580.95.05, 6.1\n", "cu126"),
}
