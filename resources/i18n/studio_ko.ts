<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="ko" sourcelanguage="en">
 <context>
  <name>core</name>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source> or </source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>--skip leaves those rows out; messages and sharegpt hold every conversation.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>0 takes the training batch size.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>4: NF4 with double quantisation. 8: LLM.int8, closer to the original and twice as large.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>A GGUF model cannot be trained.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>A Hub id, a local folder, or `demo`, the embedded model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>A branch, tag or commit on the Hub; empty takes main.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>A column whose equal values stay on one side, such as a film or a customer.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>A font with Hangul is there.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>A learning rate of {rate:g} diverges; {low:g} to {high:g} is safe.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>A learning rate of {rate:g} is outside the safe range, {low:g} to {high:g}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/state.py" />
   <source>A line of this run's events cannot be read; what it said is missing here.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>A model file cannot be read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>A model file is damaged.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>A model of the type “{kind}” cannot be fine-tuned here.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>A recipe is a YAML file in UTF-8.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>A recipe is a list of `setting: value` lines.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>A sequence of {length} tokens is longer than the model's context of {context}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>A smaller improvement counts as none.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>Accept the licence at https://huggingface.co/{model}, then sign in with `hf auth login`, or set HF_TOKEN.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Adam beta 1</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Adam beta 2</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Add the user to the groups video and render, or start the container with GPUs.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Alpha</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Another number makes another split.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Answered at every evaluation, to be read beside the curve.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/objects.py" />
   <source>At line {line} stands {value} where an object with named values should.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>At most so many tokens an answer.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>At most so many validation rows are measured each time.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Base model</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Batch size</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Batches added up before a step; the effective batch size is their product.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Below 1: a share of all steps. From 1: so many steps.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Bits of the base model</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>CUDA_VISIBLE_DEVICES is set to “{value}”: remove it or name a GPU.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>Change {setting}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Chat template</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/claim.py" />
   <source>Check that the folder can be written to, or keep runs on another disk.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>Check that you may read the file.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>Check the network and try again, or choose a folder on the disk.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>Check the path in data.files.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Check the path.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/resolve.py" />
   <source>Check the path; a Hub id looks like maker/model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/limits.py" />
   <source>Check the quotation marks and brackets there, or split the row.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/process.py" />
   <source>Check the set-up, and that the disk has room.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>Check the shape and the mapping with `data check`.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>Check the spelling; for a private model, sign in with `hf auth login`.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Checkpoint every</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Checkpoints kept</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Chen et al. 2016</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Choose a copy of the model in the safetensors format.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <location filename="../../finetune_studio/data/sources.py" />
   <source>Choose a file with rows in it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/folder.py" />
   <source>Choose a folder that this program made for a run.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Choose a text-generating model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/folder.py" />
   <source>Choose an empty or a new folder; a run that exists is resumed instead.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>Choose another GPU for training.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Choose another folder for models and runs.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/folder.py" />
   <source>Choose another folder, or free space on the disk.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Choose another model of the family.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Choose another model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/writing.py" />
   <source>Choose another name with --out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/writing.py" />
   <source>Choose another place with --out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>Choose one of them in {setting}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/sources.py" />
   <source>Choose one of them, or give their columns the same names.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Choose the base model, or merge the adapter first.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Choose the folder that holds config.json, the weights and the tokenizer.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Choose the original model that it was made from; GGUF can be made of the result.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>Close other programs, or choose a smaller model; then resume.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Close other programs; loading an 8B model takes about 12 GiB.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Close what you do not need before training.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Column mapping</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Computes activations again instead of keeping them: less memory, about a third slower. auto: on for a GPU.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Copy the tokenizer of the same model into the folder.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/split.py" />
   <source>Correct data.split.group.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>Correct model.revision, or leave it empty for the newest version.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>Correct that line, or write the file again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/process.py" />
   <source>Correct this environment variable, or remove it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Data licence</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Dettmers et al. 2023, QLoRA: adapters on all linear layers reach full fine-tuning</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Dettmers et al. 2023, QLoRA; Dettmers et al. 2022, LLM.int8()</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>Did you mean {near}?</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>Did you mean “{name}”?</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/resolve.py" />
   <source>Did you mean “{near}”?</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>DoRA</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/table.py" />
   <source>Double the quotation marks inside quoted text, or save the file as JSONL.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/compression.py" />
   <location filename="../../finetune_studio/data/readers/columnar.py" />
   <source>Download or copy the file again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/configuration.py" />
   <source>Download or copy the model again, or choose another.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>Download or copy the model again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>Download the model again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>Driver {driver} is too old for PyTorch {version}, which was built for CUDA {cuda}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Dropout</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Each by its name: on, off or auto.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/objects.py" />
   <source>Each row should look like {"question": "…", "answer": "…"}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Early stopping</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/stopping.py" />
   <source>End it on that computer, or restart the computer.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Engine</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Epochs</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Evaluate every</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Evaluation batch size</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Evaluations without improvement before stopping.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Exported when the run has finished.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Files</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Files or folders; relative ones start at the recipe.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>Files that end in “{ending}” cannot be read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Fixes</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/claim.py" />
   <source>Follow it, or stop it first.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Formats</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Free some space, or choose a folder on another disk; an 8B model takes 16 GB.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>Free space, or move the cache (HF_HOME); the download then goes on.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>Give a folder, or a Hub id such as maker/model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/table.py" />
   <source>Give each column its own name in the first line.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/writing.py" />
   <source>Give it one of the endings {names}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Gradient accumulation</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Gradient checkpointing</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Gradient clipping</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/architecture.py" />
   <source>How a model of the type “{kind}” is built is not known here.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>How far each step goes. Safe from 1e-5 to 5e-4; full fine-tuning wants the lower end.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>How often every row is seen.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>How rows are laid out; auto recognises it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>How the learning rate goes down after the warm-up.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Hu et al. 2021, LoRA; defaults of peft</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>If you trust its maker, turn on “Run the model's own code” (model.trust_remote_code): it runs with all your rights.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>In row {number}, {why}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>In the first of them, {why}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Install one, such as the package fonts-noto-cjk.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Install the NVIDIA driver, version 580 or newer, and restart the machine.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/resolve.py" />
   <source>Install the program again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>Install the training part again and choose the build {build}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>Install the training part again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>Install the training part on the set-up page.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/architecture.py" />
   <source>It can be trained nevertheless; the dry run measures what it needs.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>It computes in fp16; it has no bf16.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>It has version {found}; this program reads up to {known}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/compression.py" />
   <source>It is more than {ratio} times its size.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>It is older than Turing: no bf16, and no 8-bit models.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>It learns from {names}: set data.shape and data.mapping, or choose another task.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/entries.py" />
   <source>It needs to run its own code, which is off unless you turn it on.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/columnar.py" />
   <source>It says: {why}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Its config names “{name}”, Python code that comes with the model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>Its name is needed for what is learned.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>Its roles are {names}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Kalajdzievski 2023, rsLoRA</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Keep the trained weights in fp32 while computing in half precision: more memory for them, but small updates are not lost to rounding.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Keep together by</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Krell et al. 2021, Efficient sequence packing</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Labels</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Learning rate</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/table.py" />
   <source>Line {line} has {found} fields; the header has {expected}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>Line {line}: {why}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Liu et al. 2024, DoRA</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Longer gradients are shortened to this; 0 switches it off.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Longer rows are cut here.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>Looked at {path}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Loshchilov and Hutter 2019; Dettmers et al. 2022, 8-bit optimizers</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/arrow.py" />
   <source>Make room on that disk, or set FINETUNE_STUDIO_HOME to another one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>Make the batch or the sequence length smaller, or choose QLoRA; then resume.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/writing.py" />
   <source>Make the folder first, or choose another one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Measure on these instead of splitting.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Memory of the mean.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Memory of the variance.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Micikevicius et al. 2018, Mixed precision training</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Minimum change</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Model licence</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>NVIDIA driver {version}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Name</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>Name a file or a folder in data.files.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>No NVIDIA GPU was found.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/shapes.py" />
   <source>No column holds text.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>No column is mapped to “{role}”.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>No data has been chosen yet.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>No file was given.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>No font with Hangul was found; Korean text may show as boxes.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>None of the {count} rows can become {shape}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/process.py" />
   <source>Open the set-up page, which installs what training needs.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Optimiser</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Packing</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Patience</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Precision of the base model</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/stopping.py" />
   <source>Process {pid} on {host} is still running.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Pulls weights towards 0 at each step.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Put before every conversation that has none of its own; empty adds nothing.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/table.py" />
   <source>Put text that holds a delimiter or a line break into double quotation marks.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>PyTorch does not start: {error}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>PyTorch is not installed, so nothing can be trained yet.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>PyTorch {version} for CUDA {cuda} sees the GPU.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>PyTorch {version} has no code for {name} (compute capability {major}.{minor}).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>PyTorch {version} is a build for the processor alone and leaves the GPU idle.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>PyTorch {version} sees no GPU although the driver shows one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>PyTorch {version}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>QLoRA paper: 0.03</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>QLoRA paper: 2e-4 up to 13B, 1e-4 above</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Rank r</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>Readable are {endings}, also compressed as {compressed}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>Rename the column, or split without data.split.group.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Repairs applied to rows as they are read; the files stay as they are.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Restart the machine.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>Restart the machine; if that does not help, install the driver again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>Resume it from its last checkpoint.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Revision</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Row limit</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Rows a device computes at once; memory grows with it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/check.py" />
   <source>Rows of the shape {shape} cannot be trained on yet.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>Rows of the shape {shape} cannot train the task {task}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Run the model's own code</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Run: sudo apt install {packages}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Sample length</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Sample prompts</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/encoding.py" />
   <source>Save it as UTF-8, or choose the file's true ending if it is not text.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/layouts.py" />
   <source>Save the list that you mean as a file of its own.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Scales by alpha / √r, so that large ranks learn as fast as small ones.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Schedule</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>See `finetune-studio recipe reference`.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Seed</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Sequence length</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>Set data.mapping, such as {role}: {column}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>Set data.shape to prompt-completion and map completion to the column of good answers.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/shapes.py" />
   <source>Several columns hold text, and their names do not say which is which: {names}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Shape</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Short rows share one sequence without seeing each other, so that nothing is padded.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Sign in on a desktop, or use ssh -X.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Some models bring Python code that runs on this machine with all your rights. Off refuses them.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/preferences.py" />
   <source>Some preferences were broken and are as usual again: {names}. A copy is {path}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Speed-ups</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Split seed</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/following.py" />
   <source>Start it, then follow it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Step limit</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Stop when validation no longer improves, keep the best.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Stops after so many steps; 0 leaves it to the epochs.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>System prompt</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>TRL: assistant-only loss</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Target modules</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>Texts to be labelled cannot share a sequence.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The GPU ran out of memory.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>The Hub answered with error {status}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>The Hub could not be reached ({why}).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>The NVIDIA driver was updated but the old one is still running.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/process.py" />
   <source>The Python for training cannot be run.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>The adapter's weight is alpha / r (alpha / √r with rsLoRA); twice the rank is usual.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>The assistant's words with their end-of-turn token, only the last answer, or every token.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>The base model's licence.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/shapes.py" />
   <source>The column “{column}” holds text.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/shapes.py" />
   <source>The column “{column}” holds turns with “{role}” and “{content}”.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>The column “{name}” cannot be kept beside the rows.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/shapes.py" />
   <source>The columns are named so: {names}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <location filename="../../finetune_studio/data/split.py" />
   <source>The columns are {names}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The computer ran out of main memory.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The computer was switched off or restarted while it trained.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/guardian.py" />
   <source>The data's licence is not known; say it before you publish or sell the result.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>The data's licence.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>The disk is full.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>The embedded demo and models up to about 0.5B can be trained on the processor.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/resolve.py" />
   <source>The embedded model is missing from this installation.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/sources.py" />
   <source>The files do not hold the same kind of rows.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>The folder “{name}” holds no file that can be read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/resolve.py" />
   <source>The folder “{path}” does not exist.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>The free space of the disk cannot be read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>The labels in their order; left empty, they are read from the data and sorted.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The last lines of trainer.log say more.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The last lines of trainer.log say more; resume from the last checkpoint.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>The libraries that the window needs are there.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>The model has no tokenizer.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>The model has no weights.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>The model is incomplete.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/configuration.py" />
   <source>The model's configuration cannot be read.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>The newest so many, and always the best.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/architecture.py" />
   <source>The plan does not know this kind of model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/preferences.py" />
   <source>The preferences cannot be read ({why}); the usual ones are in use.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/preferences.py" />
   <source>The preferences were broken; the usual ones are in use. The old file is {path}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/limits.py" />
   <source>The row at line {line} is longer than {size} million characters.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/table.py" />
   <source>The row that starts at line {line}: {why}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/arrow.py" />
   <source>The rows could not be written to the cache.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/process.py" />
   <source>The run has no recipe.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/folder.py" />
   <source>The run's folder cannot be made.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>The same recipe with the same seed gives the same losses.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>The setting {path} does not take {value!r}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>The shape {shape} has no role “{role}”.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/check.py" />
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>The shapes are {names}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>The share of adapter inputs dropped in training; 0.05 to 0.1 helps on few rows.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>The share of rows that is measured on and never learned.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>The share of steps over which the learning rate rises from 0; 1 to 5 % is usual.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The system killed the trainer (signal 9), probably because main memory ran out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>The task {task} cannot learn from rows of the shape {shape}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/stopping.py" />
   <source>The trainer cannot be ended from here.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/claim.py" />
   <location filename="../../finetune_studio/runs/process.py" />
   <source>The trainer cannot be started.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The trainer crashed ({signal}).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The trainer ended with exit code {code}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The trainer ended without saying how the training went.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The trainer is no longer running, and nobody saw how it ended.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>The weights are in an unsafe format.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>The width of the adapter: more can be learned with more, and more can be overfitted.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>The window cannot open: {names} is missing.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>There is an NVIDIA GPU, but its driver does not run.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/process.py" />
   <source>There is no Python environment at {path}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/split.py" />
   <source>There is no column “{name}” to keep rows together by.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>There is no column “{name}”.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>There is no file “{name}”.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/writing.py" />
   <source>There is no folder “{name}”.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>There is no model {model}, neither as a folder here nor on the Hub.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>There is no recipe at {path}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>There is no screen here, so the window cannot open; the command line works.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>There is no setting {path}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/check.py" />
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>There is no shape “{shape}”.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>There is no such folder.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/folder.py" />
   <source>There is something in this place already.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/layouts.py" />
   <source>They are {names}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>This folder holds no model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>This is a file, not a model folder.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>This is an adapter, not a model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>This is no language model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/folder.py" />
   <source>This is not a run, or its run.json is broken.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>This kind of model is unknown.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>This model does not write text.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>This model needs to run its own code.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>This recipe is from a newer version of Finetune Studio.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/claim.py" />
   <source>This run is training already.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/following.py" />
   <source>This run was never started.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>This user may not talk to the NVIDIA driver.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>Training finished.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/process.py" />
   <source>Training is not set up yet.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>Training stopped early: the validation loss no longer fell.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>Training was ended by force, for it did not react to the request to stop.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>Training was interrupted ({signal}).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>Training was stopped at step {step}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Trains a weight's magnitude and direction apart: often better at small ranks, slower.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/encoding.py" />
   <source>Tried UTF-8, UTF-16, cp949 (EUC-KR) and Latin-1.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/compression.py" />
   <source>Unpack it yourself if you trust it, and choose the file inside.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/compression.py" />
   <source>Unpacking it stopped: {why}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>Unset HF_HUB_OFFLINE to download it, or choose a folder on the disk.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>Update Finetune Studio, or write the recipe again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>Update the NVIDIA driver to {version} or newer.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Update the training part, or choose another model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Use LoRA or 4-bit QLoRA in fp16, or a newer GPU.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Use only the first rows; 0 uses all.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Validation files</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Validation rows</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Validation share</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Warm-up</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Weight decay</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>What is learned</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/guardian.py" />
   <source>What the base model's licence ({name}) allows was not confirmed: read it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>What the run is called in the history.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Which column plays which role, as role: column; empty takes the suggestion.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Which layers get an adapter: all-linear, attention, mlp, or names of layers.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>Which trainer runs.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>Without validation rows, early stopping has nothing to look at.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>Write it as name=value, such as training.learning_rate=1e-4.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>Write one with `finetune-studio recipe new`.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/check.py" />
   <source>You have said so.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>`model` uses the model's own; a model without one takes a bundled one: chatml, plain or alpaca.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>`{option}` is no setting.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/turns.py" />
   <source>a turn has an unknown role</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/turns.py" />
   <source>a turn holds something that is not text</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/turns.py" />
   <source>a turn is empty</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/advice.py" />
   <source>a very small model takes larger steps</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/advice.py" />
   <source>an adapter starts at zero and takes larger steps</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/advice.py" />
   <source>an effective batch of 16 rows is steady, and fits beside most models</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>auto: AdamW, in 8 bits where a GPU trains with QLoRA.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>auto: bf16 where the device computes in it, else fp16 on a GPU and fp32 on a CPU.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>batches</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>config.json names no model_type.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/configuration.py" />
   <source>config.json: {why}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/wording.py" />
   <source>en</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>epochs</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>evaluations</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/advice.py" />
   <source>every weight moves, so small steps keep what it knows</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>fp32 master weights</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/mixers.py" />
   <source>hidden_size ({hidden}) is no multiple of num_attention_heads ({heads})</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>it ends within its header</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>it holds no JSON object</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>it is nested too deeply</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>it is no list of weight files</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>it is not JSON</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>its header cannot be read</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>its header contradicts itself</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>programs that the driver does not name</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>rows</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>rsLoRA</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>something follows after the end</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>steps</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/advice.py" />
   <source>the demo model reads 1,024 tokens; the samples are short</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>the name “{name}” stands twice in one object</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>the newest version</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>the text itself holds ChatML's marks</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>there are other roles than system, user and assistant</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>there is more than one question and answer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/turns.py" />
   <source>there is no answer to learn</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/turns.py" />
   <source>there is no conversation in the row</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/turns.py" />
   <source>there is no label in the row</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/turns.py" />
   <source>there is no question or prompt</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/turns.py" />
   <source>there is no text in the row</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>tokens</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>transformers cannot load this model.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>transformers {version} has no code for the model type “{kind}”.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/schema.py" />
   <source>usual for Llama-like models</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/guardian.py" />
   <source>{asking} wants the result under itself, which {other} does not allow.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/guardian.py" />
   <source>{asking} wants what is made of it to carry the same licence.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/building.py" />
   <source>{count} layers are too many to be true</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/check.py" />
   <source>{count} rows are left out: {why}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>{count} rows cannot become {shape} without loss.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>{count} tensors that {index} names are in no file, such as “{name}”.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>{free:.1f} GiB free on the disk for models and runs.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/guardian.py" />
   <source>{licence} wants the published name to begin with “{prefix}”.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>{missing} of its {total} bytes are missing</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>{model} could not be downloaded whole.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>{model} could not be downloaded.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>{model} has no revision “{revision}”.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>{model} has only “{name}”, a pickle file: loading it can run any code.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>{model} is given only to those whom its maker has let in.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>{model} is not on this disk, and downloads are switched off.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>{name} (process {pid})</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/guardian.py" />
   <source>{name} allows commercial use on conditions: {sentence}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/guardian.py" />
   <source>{name} forbids commercial use, and so of the result too.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/guardian.py" />
   <source>{name} forbids passing on changed versions, and a tuned model may be one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/configuration.py" />
   <source>{name} is missing</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/configuration.py" />
   <source>{name} is {value}, which is no sensible number</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>{name}: {total:.1f} GiB of memory, {free:.1f} GiB free.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>{path} could not be read as a recipe.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/writing.py" />
   <source>{path} exists already.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>{path} holds no recipe.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>{percent:.0f} % of the steps are spent warming up; 1 to 5 % is usual.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>{sign} is missing</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>{total:.1f} GiB of main memory, {free:.1f} GiB available.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>{used:.1f} GiB of {name} are held by {who}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>{version} insists that the hidden size ({hidden}) is a multiple of the attention heads ({heads}).</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/check.py" />
   <source>{why} Say how the rows are laid out, and which column plays which role.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/shapes.py" />
   <source>“{column}” is the only column of text.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/sources.py" />
   <source>“{first}” has the columns {expected}; “{other}” has {found}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>“{folder}” belongs on top of the base model “{base}”.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>“{folder}” has config.json but no safetensors file.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>“{folder}” has no config.json.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>“{folder}” holds none of its files, such as tokenizer.json.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>“{model}” is neither a folder nor a model on the Hub.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>“{name}” cannot be opened.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/writing.py" />
   <source>“{name}” could not be written.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/objects.py" />
   <source>“{name}” does not hold rows.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/writing.py" />
   <source>“{name}” ends in no format that can be written.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/table.py" />
   <source>“{name}” has a quotation mark that does not close rightly.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/table.py" />
   <source>“{name}” has a row that does not fit its header.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/table.py" />
   <source>“{name}” has two columns named “{column}”.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/limits.py" />
   <source>“{name}” holds a row that is too large.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/layouts.py" />
   <source>“{name}” holds more than one list of rows.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/sources.py" />
   <source>“{name}” holds no row.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>“{name}” is a pickle file: loading it can run any code.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>“{name}” is broken JSON.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/compression.py" />
   <source>“{name}” is cut off or damaged.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>“{name}” is empty.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>“{name}” is made for running a model, and its weights are usually rounded.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>“{name}” is missing, which {index} names.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/columnar.py" />
   <source>“{name}” is no whole {kind} file.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/encoding.py" />
   <source>“{name}” is not text in a known encoding.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/compression.py" />
   <source>“{name}” unpacks to far more than data does.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>“{name}”: {why}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <location filename="../../finetune_studio/data/shapes.py" />
   <source>“{text}” holds different texts, “{label}” a few that come again.</source>
   <translation type="unfinished" />
  </message>
 </context>
</TS>
