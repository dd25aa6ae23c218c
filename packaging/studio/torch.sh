# Chooses the build of PyTorch: one for this NVIDIA driver, or the small one without CUDA.
# The same rules as finetune_studio/hardware/torch_build.py, for where there is no Python yet.

TORCH=2.13.0 # as in torch_build.py
nvidia=/proc/driver/nvidia

# "DRIVER, COMPUTE CAPABILITY" of each GPU.
nvidia_rows() {
  if has nvidia-smi; then
    nvidia-smi --query-gpu=driver_version,compute_cap --format=csv,noheader 2>/dev/null && return
  fi
  # In a container of a host with a driver, the driver shows and the GPU may not.
  [ -r "$nvidia/version" ] && [ -e "${nvidia_device:-/dev/nvidiactl}" ] || return 0
  awk '/NVRM version/ { for (i = 1; i <= NF; i++) if ($i ~ /^[0-9]+\.[0-9.]+$/) { print $i ", unknown"; exit } }' \
    "$nvidia/version"
}

# What changes with the driver or the cards, without the second that nvidia-smi may take.
nvidia_trace() {
  if [ -r "$nvidia/version" ]; then
    cat "$nvidia/version"
    ls "$nvidia/gpus" /dev/nvidia* 2>/dev/null
  else
    nvidia_rows
  fi
}

# Drivers and compute capabilities of the builds: PyTorch's release matrix for 2.12 to 2.14.
# CUDA 12.6: driver 525 and capability 5.0 to 9.0; CUDA 13.0: driver 580 and capability 7.5 to 12.x.
torch_for_rows() {
  awk -F', *' '
    { split($1, part, "."); driver = part[1] + 0; known = $2 ~ /^[0-9]/ }
    NF < 2 || !driver { next }
    { rows++; oldest = oldest == "" || driver < oldest ? driver : oldest }
    known { if (low == "" || $2 + 0 < low) low = $2 + 0; if ($2 + 0 > high) high = $2 + 0 }
    END {
      if (!rows) print "cpu"
      else if (oldest >= 580 && (low == "" || low >= 7.5 || high >= 10)) print "cu130"
      else if (oldest >= 525 && high < 10) print "cu126"
      else print "cpu update " oldest
    }'
}

# Sets `build`: cpu, cu126, cu130, or default where the registry's own build is right (macOS).
choose_torch() {
  build=${FINETUNE_STUDIO_TORCH:-}
  case $build in
    cpu | cu126 | cu130) return ;;
    ?*) stop 2 "FINETUNE_STUDIO_TORCH is '$build'; it may be cpu, cu126 or cu130." ;;
  esac
  if [ "$(uname -s)" = Darwin ]; then
    build=default
    return
  fi
  build=$(nvidia_rows | torch_for_rows)
  case $build in
    *update*)
      say "The NVIDIA driver ${build##* } is too old for this GPU's builds of PyTorch: training will use the processor." \
        "After an update of the driver to 580 or newer, the next start changes to the GPU by itself."
      build=cpu
      ;;
  esac
}

# torch_requirement BUILD
torch_requirement() {
  case $1 in
    default) echo "torch==$TORCH" ;;
    *) echo "torch==$TORCH+$1" ;; # the local version names one build: no other is ever taken
  esac
}

# A mirror or a folder of wheels that pip is configured with comes first, then PyTorch's own index.
install_torch() {
  wanted=$(torch_requirement "$1")
  say "Installing PyTorch $TORCH ($1)."
  pip_install "$wanted" && return
  [ "$1" != default ] || return
  pip_install "$wanted" --index-url "$(cat "$ROOT/packaging/torch-index.txt")/$1"
}

# The promise to a machine without an NVIDIA GPU: no CUDA was downloaded.
no_cuda_came() {
  "$VENV/bin/python" - <<'PY'
import importlib.metadata as m
import sys

names = {d.metadata["Name"].lower() for d in m.distributions()} - {"nvidia-ml-py"}
cuda = sorted(n for n in names if n.startswith(("nvidia-", "cuda-")) or n == "triton")
print(*cuda)
sys.exit(bool(cuda))
PY
}
