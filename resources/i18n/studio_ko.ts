<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="ko" sourcelanguage="en">
 <context>
  <name>core</name>
  <message>
   <location filename="../../finetune_studio/commands/demo.py" />
   <source>    after:  {text}</source>
   <translation>    학습 후: {text}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/demo.py" />
   <source>    before: {text}</source>
   <translation>    학습 전: {text}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source> or </source>
   <translation> 또는 </translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>(it said nothing)</source>
   <translation>(아무 말도 하지 않았어요)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chat.py" />
   <source>--base asks one model, --compare asks both.</source>
   <translation>--base는 한 모델에, --compare는 두 모델에 물어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>--good-only writes the good answers alone; --to kto keeps both kinds.</source>
   <translation>--good-only는 좋은 답만 쓰고, --to kto는 둘 다 남겨요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/evaluate.py" />
   <source>--include names a folder of tasks, and --harness the ones to run.</source>
   <translation>--include는 과제 폴더를, --harness는 실행할 과제를 정해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/data.py" />
   <source>--map {given} names no column.</source>
   <translation>--map {given}에 열 이름이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/train.py" />
   <source>--resume goes on in the run's own folder.</source>
   <translation>--resume는 그 실행의 폴더에서 이어서 학습해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>--skip leaves those rows out; messages and sharegpt hold every conversation.</source>
   <translation>--skip을 주면 그 행을 빼요. messages와 sharegpt에는 모든 대화가 들어가요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/export.py" />
   <source>--{option} is for --to {form} alone.</source>
   <translation>--{option}은 --to {form}에만 쓰는 옵션이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chat.py" />
   <source>0 says the likeliest</source>
   <translation>0이면 가장 그럴듯한 말을 해요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/serve.py" />
   <source>0 takes a free one</source>
   <translation>0이면 빈 포트를 골라요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/demo.py" />
   <source>1. The data, as the trainer will see it</source>
   <translation>1. 트레이너가 볼 그대로의 데이터</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/demo.py" />
   <source>2. Training an adapter (LoRA) on the embedded model</source>
   <translation>2. 내장 모델에 어댑터(LoRA) 학습하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/demo.py" />
   <source>3. What changed on rows the model never learned from</source>
   <translation>3. 배우지 않은 행에서 달라진 점</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>4-bit base multiplied in 8-bit floats</source>
   <translation>4비트 사전학습 모델을 8비트 부동소수점으로 곱하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/demo.py" />
   <source>4. The same questions before and after</source>
   <translation>4. 같은 질문, 학습 전과 후</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>4: NF4 with double quantisation. 8: LLM.int8, closer to the original and twice as large.</source>
   <translation>4비트는 이중 양자화한 NF4예요. 8비트는 LLM.int8이고, 원본에 더 가깝지만 크기가 두 배예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/demo.py" />
   <source>5. Exports, loaded again from disk</source>
   <translation>5. 내보낸 뒤 디스크에서 다시 읽은 모델</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>95 % interval</source>
   <translation>95% 구간</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>95 % of the time between {between}</source>
   <translation>100번 중 95번은 이 사이예요: {between}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf_adapter.py" />
   <source>A DoRA adapter cannot be written as a GGUF adapter.</source>
   <translation>DoRA 어댑터는 GGUF 어댑터로 쓸 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>A GGUF file would read the same text as other tokens.</source>
   <translation>GGUF 파일이 같은 글을 다른 토큰으로 읽게 돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>A GGUF model cannot be trained.</source>
   <translation>GGUF 모델은 학습할 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_build.py" />
   <source>A GPU of compute capability {low:.1f} is older than CUDA 13 can use.</source>
   <translation>컴퓨팅 능력이 {low:.1f}인 GPU는 CUDA 13을 쓰기에는 오래됐어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>A Hub id, a local folder, or `demo`, the embedded model.</source>
   <translation>Hub 주소, 내 폴더, 또는 내장 모델인 `demo`예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/guide.py" />
   <source>A TPU needs other software (JAX); this trainer needs an NVIDIA GPU.</source>
   <translation>TPU에는 다른 소프트웨어(JAX)가 필요해요. 이 학습기는 NVIDIA GPU가 필요해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>A branch, tag or commit on the Hub; empty takes main.</source>
   <translation>Hub의 브랜치, 태그, 커밋이에요. 비워 두면 main을 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/counted.py" />
   <source>A chat is learned from questions with answers, or from conversations. Choose the shape and the columns of these rows, or another task.</source>
   <translation>채팅은 질문과 답변, 또는 대화로 학습해요. 아래에서 이 행의 형식과 열을 고르거나, 다른 학습 유형을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/served.py" />
   <source>A classification answers with a label, which this interface has no place for.</source>
   <translation>분류 모델은 라벨로 답하는데, 이 인터페이스에는 라벨을 담을 자리가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>A classification cannot be written as GGUF.</source>
   <translation>분류 모델은 GGUF로 쓸 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/supervision.py" />
   <source>A classification needs at least two.</source>
   <translation>분류에는 레이블이 둘 이상 필요해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/probe.py" />
   <source>A classifier writes no text, so it cannot be asked what it knows.</source>
   <translation>분류 모델은 글을 쓰지 않으니 무엇을 아는지 물을 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>A column whose equal values stay on one side, such as a film or a customer.</source>
   <translation>영화나 고객처럼, 값이 같은 행을 한쪽에 모아 둘 열이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/download.py" />
   <source>A downloaded file is damaged.</source>
   <translation>내려받은 파일이 손상됐어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>A dry run measures this machine, not another GPU.</source>
   <translation>시험 실행은 다른 GPU가 아니라 이 컴퓨터를 재요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/fetch.py" />
   <source>A file could not be downloaded.</source>
   <translation>파일을 내려받지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/contents.py" />
   <source>A file names a folder of this machine.</source>
   <translation>파일에 이 컴퓨터의 폴더 이름이 들어 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>A file went away while it was uploaded.</source>
   <translation>올리는 동안 파일이 사라졌어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>A font with Hangul is there.</source>
   <translation>한글 글꼴이 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/export.py" />
   <source>A full fine-tuning has no adapter.</source>
   <translation>전체 파인튜닝에는 어댑터가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>A learning rate of {rate} diverges; {low} to {high} is safe.</source>
   <translation>학습률 {rate}에서는 학습이 발산해요. {low}~{high}이면 안전해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>A learning rate of {rate} is outside the safe range, {low} to {high}.</source>
   <translation>학습률이 {rate}이면 안전 범위({low}~{high})를 벗어나요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/state.py" />
   <source>A line of this run's events cannot be read; what it said is missing here.</source>
   <translation>이 실행의 이벤트 한 줄을 읽을 수 없어요. 그 내용은 여기에 빠져 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>A model file cannot be read.</source>
   <translation>모델 파일을 읽을 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>A model file is damaged.</source>
   <translation>모델 파일이 손상됐어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>A model of the type “{kind}” cannot be fine-tuned here.</source>
   <translation>‘{kind}’ 종류의 모델은 여기서 파인튜닝할 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>A newer llama.cpp may: {command}</source>
   <translation>더 새로운 llama.cpp라면 될 수 있어요: {command}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>A newer version of this program may bring one that does.</source>
   <translation>이 프로그램의 새 버전에는 아는 변환기가 있을 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/resolve.py" />
   <source>A package cannot be verified, and was refused.</source>
   <translation>진짜인지 확인할 수 없는 패키지라서 받지 않았어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>A package is not the one that was expected, and was refused.</source>
   <translation>기대한 것과 다른 패키지라서 받지 않았어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <location filename="../../finetune_studio/setup/resolve.py" />
   <source>A package that is needed was not found.</source>
   <translation>필요한 패키지를 찾지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/deleting.py" />
   <source>A part of the run could not be deleted.</source>
   <translation>실행의 일부를 지우지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/device.py" />
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>A processor does not train in fp16.</source>
   <translation>프로세서로는 fp16으로 학습할 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>A recipe is a YAML file in UTF-8.</source>
   <translation>레시피는 UTF-8로 쓴 YAML 파일이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>A recipe is a list of `setting: value` lines.</source>
   <translation>레시피는 `설정: 값` 줄의 모음이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/app.py" />
   <source>A request may have up to {count:,} bytes.</source>
   <translation>요청은 {count:,}바이트까지 보낼 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/train.py" />
   <source>A resumed run cannot change {path}.</source>
   <translation>이어서 하는 실행에서는 {path} 값을 바꿀 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>A sequence of {length} tokens is longer than the model's context of {context}.</source>
   <translation>시퀀스 {length}토큰이 모델의 문맥 길이 {context}토큰보다 길어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/serve.py" />
   <source>A server that others can reach needs a key.</source>
   <translation>다른 사람이 접속할 수 있는 서버에는 키가 필요해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>A smaller improvement of the validation loss counts as none; 0 counts every one.</source>
   <translation>검증 손실이 이보다 적게 나아지면 나아지지 않은 것으로 쳐요. 0이면 조금이라도 나아진 것을 모두 쳐요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>A step takes {batch} rows, but there are only {rows} to learn from.</source>
   <translation>한 스텝에 {batch}행을 쓰는데, 배울 행이 {rows}개뿐이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/first.py" />
   <source>A training is running; it keeps its version until a later start.</source>
   <translation>학습이 실행 중이에요. 다음에 시작할 때까지 지금 버전을 그대로 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/in_use.py" />
   <source>A training, a chat or a server is running.</source>
   <translation>학습이나 대화, 서버가 실행 중이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/conversation.py" />
   <source>A was the {first}, B the {second}.</source>
   <translation>A는 {first}, B는 {second}이었어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>Accept the licence at {page} with the account of your token, then try again.</source>
   <translation>토큰의 계정으로 {page}에서 라이선스에 동의한 뒤 다시 해 보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>Accept the licence at {page}, then sign in here with your token.</source>
   <translation>{page}에서 라이선스에 동의한 다음, 여기에서 토큰으로 로그인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>Accept the licence at {page}, then sign in with `finetune-studio models login`.</source>
   <translation>{page}에서 라이선스에 동의한 뒤 `finetune-studio models login`으로 로그인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/metrics.py" />
   <source>Accuracy</source>
   <translation>정확도</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>Accuracy (upwards, %) of guesses by their confidence (to the right, %)</source>
   <translation>확신(오른쪽으로, %)에 따른 예측의 정확도(위로, %)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Activations in free memory</source>
   <translation>남는 메모리에 활성값 두기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Adam beta 1</source>
   <translation>Adam 베타 1</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Adam beta 2</source>
   <translation>Adam 베타 2</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Adapters in one product</source>
   <translation>어댑터를 한 번의 곱셈으로</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/serve.py" />
   <source>Add --key, or leave --host away.</source>
   <translation>--key를 붙이거나 --host를 빼세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>Add --public if that is meant, or choose another name.</source>
   <translation>그럴 생각이면 --public을 붙이고, 아니면 다른 이름을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>Add --yes, or ask on a terminal.</source>
   <translation>--yes를 붙이거나 터미널에서 실행해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>Add --yes.</source>
   <translation>--yes를 붙여 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Add the user to the groups video and render, or start the container with GPUs.</source>
   <translation>사용자를 video와 render 그룹에 넣거나, 컨테이너를 GPU와 함께 시작하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>Agree to its terms on its page, and store your token.</source>
   <translation>그 페이지에서 약관에 동의하고 토큰을 저장하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>All settings are the same.</source>
   <translation>모든 설정이 같아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Alpha</source>
   <translation>Alpha</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/claim.py" />
   <source>Another copy of the program is setting up in this folder.</source>
   <translation>다른 창에서 이 폴더에 설치하고 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/serve.py" />
   <source>Another program has this port.</source>
   <translation>다른 프로그램이 이 포트를 쓰고 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>Another program holds a file open.</source>
   <translation>다른 프로그램이 파일을 열고 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/download.py" />
   <source>Another program is downloading {model} already.</source>
   <translation>다른 프로그램이 이미 {model}을 내려받고 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Ansel et al. 2024, PyTorch 2: torch.compile</source>
   <translation>Ansel 외 2024, PyTorch 2: torch.compile</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/conversation.py" />
   <source>Answer A</source>
   <translation>답변 A</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/conversation.py" />
   <source>Answer B</source>
   <translation>답변 B</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/verdict.py" />
   <source>Answered word for word the same: {share:.0%} of {count} prompts.</source>
   <translation>글자 하나까지 같은 답: 프롬프트 {count}개 중 {share:.0%}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>Answers are greedy. They are compared in Unicode normal form C; for ROUGE-L each Hangul syllable is a word, because particles stick to nouns and the usual splitter drops Hangul altogether.</source>
   <translation>답변은 늘 가장 그럴듯한 토큰만 골라 만들었어요. 유니코드 정규형 C로 맞추어 비교하고, ROUGE-L에서는 한글 음절 하나를 낱말 하나로 쳐요. 조사가 명사에 붙어 있는 데다, 흔히 쓰는 낱말 나누기는 한글을 통째로 버리기 때문이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/learned.py" />
   <source>Answers end with “{end}”, which is no token: the model would not stop there.</source>
   <translation>답이 ‘{end}’(으)로 끝나는데 토큰이 아니에요. 모델이 거기서 멈추지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>Answers side by side</source>
   <translation>나란히 놓은 답변</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub.py" />
   <source>Asking the Hub</source>
   <translation>Hub에 물어보는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/export.py" />
   <location filename="../../finetune_studio/engine/verify.py" />
   <source>Asking the trained model</source>
   <translation>학습한 모델에 물어보는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/objects.py" />
   <source>At line {line} stands {value} where an object with named values should.</source>
   <translation>{line}번째 줄에 이름 붙은 값 대신 {value}이(가) 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>At most so many tokens an answer.</source>
   <translation>답 하나의 최대 토큰 수예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>At most so many validation rows are measured each time.</source>
   <translation>한 번에 재는 검증 행의 최대 수예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Attention without a mask</source>
   <translation>마스크 없는 어텐션</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/conversation.py" />
   <location filename="../../finetune_studio/evaluation/report.py" />
   <location filename="../../finetune_studio/recipe" />
   <source>Base model</source>
   <translation>사전학습 모델</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Batch size</source>
   <translation>배치 크기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Batches made ahead</source>
   <translation>미리 만드는 배치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Batches that are added up before a step: a large batch in little memory. Batch size times this is the effective batch size.</source>
   <translation>한 스텝 전에 모으는 배치 수예요. 적은 메모리로 큰 배치처럼 배워요. 배치 크기와 곱하면 유효 배치 크기예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/speaking.py" />
   <source>Begin anew, or say less.</source>
   <translation>새로 시작하거나 더 짧게 말해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Bekman et al. 2025, Arctic Long Sequence Training</source>
   <translation>Bekman 외 2025, Arctic Long Sequence Training</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/metrics.py" />
   <source>Between how many equally likely tokens it wavers: e to the loss.</source>
   <translation>몇 개의 비슷한 토큰 사이에서 망설이는지예요. e를 손실만큼 거듭제곱한 값이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Bits of the base model</source>
   <translation>사전학습 모델의 비트 수</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>Both models got the same rows, prepared as in training. Intervals are paired bootstraps over rows, 1,000 draws with the seed {seed}: had other rows of this kind been kept aside, 95 of 100 changes would lie within.</source>
   <translation>두 모델에 같은 행을 학습할 때와 똑같이 준비해서 주었어요. 구간은 행을 짝지어 다시 뽑는 부트스트랩으로 구했어요(1,000번, 시드 {seed}). 이런 종류의 다른 행을 떼어 두었더라도 100번 중 95번은 변화가 이 안에 들어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/streaming.py" />
   <location filename="../../finetune_studio/engine/tuned.py" />
   <source>Bring back the model that the run's recipe.yaml names, or train again.</source>
   <translation>실행의 recipe.yaml에 적힌 모델을 되돌려 놓거나 다시 학습하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>Bring its files instead.</source>
   <translation>대신 그 파일을 가져오세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/usable.py" />
   <source>Bring more rows, or set data.split.validation to 0.</source>
   <translation>행을 더 가져오거나 data.split.validation을 0으로 두세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>Build of PyTorch: {build}; computed on: {devices}.</source>
   <translation>PyTorch 빌드: {build}, 계산해 본 장치: {devices}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/fetching.py" />
   <source>Building it: 5 minutes on two cores …</source>
   <translation>빌드하고 있어요. 코어 두 개로 5분쯤 걸려요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>CUDA context, or the process without a GPU</source>
   <translation>CUDA 컨텍스트(GPU가 없으면 프로세스)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>CUDA_VISIBLE_DEVICES is set to “{value}”: remove it or name a GPU.</source>
   <translation>CUDA_VISIBLE_DEVICES가 ‘{value}’예요. 지우거나 GPU를 적으세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/disk.py" />
   <source>Cancel the download first.</source>
   <translation>먼저 내려받기를 그만두세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>Change {setting}.</source>
   <translation>{setting} 설정을 바꿔 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Chat template</source>
   <translation>대화 템플릿</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <location filename="../../finetune_studio/engine/process.py" />
   <source>Check free disk space and the rights of the folder; then try again.</source>
   <translation>디스크 여유 공간과 폴더 권한을 확인한 뒤 다시 해보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/training.py" />
   <source>Check that its folder is still there.</source>
   <translation>폴더가 그대로 있는지 확인해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/loading.py" />
   <source>Check that the download is complete and that transformers knows its architecture.</source>
   <translation>다운로드가 끝났는지, transformers가 이 구조를 아는지 확인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/claim.py" />
   <source>Check that the folder can be written to, or keep runs on another disk.</source>
   <translation>폴더에 쓸 수 있는지 확인하거나, 실행을 다른 디스크에 두세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/watch.py" />
   <source>Check that the run's folder is there and the disk has room.</source>
   <translation>실행 폴더가 있는지, 디스크에 여유가 있는지 확인해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>Check that you may read the file.</source>
   <translation>파일을 읽을 권한이 있는지 확인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>Check the folder and the disk, and try again.</source>
   <translation>폴더와 디스크를 확인하고 다시 시도해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>Check the name given with --branch.</source>
   <translation>--branch에 적은 이름을 확인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>Check the name; a private one needs your token.</source>
   <translation>이름을 확인하세요. 비공개면 토큰이 필요해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/harness.py" />
   <source>Check the names of the tasks, and that their data can be fetched.</source>
   <translation>과제 이름이 맞는지, 그 데이터를 받을 수 있는지 확인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>Check the network and try again, or choose a folder on the disk.</source>
   <translation>네트워크를 확인하고 다시 하거나, 디스크의 폴더를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>Check the network and upload again; it goes on with what is missing.</source>
   <translation>네트워크를 확인하고 다시 올리세요. 남은 것만 이어서 올라가요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/fetching.py" />
   <source>Check the network, and try again.</source>
   <translation>네트워크를 확인하고 다시 해 보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>Check the owner's name; an organisation must let you create models.</source>
   <translation>소유자 이름을 확인하세요. 조직이라면 모델을 만들 권한이 있어야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>Check the package index that this computer uses, or set up from an offline bundle.</source>
   <translation>이 컴퓨터가 쓰는 패키지 저장소를 확인하거나 오프라인 묶음으로 설치해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/resolve.py" />
   <source>Check the package index that this computer uses.</source>
   <translation>이 컴퓨터가 쓰는 패키지 저장소를 확인해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>Check the path in data.files.</source>
   <translation>data.files의 경로를 확인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/gui.py" />
   <source>Check the path, or open the window without one.</source>
   <translation>경로를 확인하거나 경로 없이 창을 여세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Check the path.</source>
   <translation>경로를 확인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/resolve.py" />
   <source>Check the path; a Hub id looks like maker/model.</source>
   <translation>경로를 확인하세요. Hub 이름은 만든이/모델 꼴이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/limits.py" />
   <source>Check the quotation marks and brackets there, or split the row.</source>
   <translation>그곳의 따옴표와 괄호를 확인하거나 행을 나누세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/process.py" />
   <source>Check the set-up, and that the disk has room.</source>
   <translation>설치 상태와 디스크 여유 공간을 확인해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>Check the shape and the mapping with `data check`.</source>
   <translation>`data check`로 형식과 열을 확인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>Check the spelling, or sign in again with `finetune-studio models login`.</source>
   <translation>철자를 확인하거나 `finetune-studio models login`으로 다시 로그인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>Check the spelling, or sign in again with another token.</source>
   <translation>철자를 확인하거나, 다른 토큰으로 다시 로그인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>Check the spelling; for a private model, sign in with `finetune-studio models login`.</source>
   <translation>철자를 확인하세요. 비공개 모델이면 `finetune-studio models login`으로 로그인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>Check the spelling; for a private model, sign in with your token.</source>
   <translation>철자를 확인하세요. 비공개 모델이라면 토큰으로 로그인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Checkpoint every</source>
   <translation>체크포인트 간격</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Checkpoints in the computer's memory</source>
   <translation>체크포인트를 컴퓨터 메모리에</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Checkpoints kept</source>
   <translation>남겨 둘 체크포인트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Chen et al. 2016</source>
   <translation>Chen 외 2016</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Chen et al. 2016; Korthikanti et al. 2022, Reducing Activation Recomputation</source>
   <translation>Chen 외 2016; Korthikanti 외 2022, Reducing Activation Recomputation</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Chen et al. 2016; torch.utils.checkpoint: early stop</source>
   <translation>Chen 외 2016; torch.utils.checkpoint: early stop</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Choose a copy of the model in the safetensors format.</source>
   <translation>safetensors 형식의 모델을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <location filename="../../finetune_studio/data/sources.py" />
   <location filename="../../finetune_studio/data/workbook.py" />
   <source>Choose a file with rows in it.</source>
   <translation>행이 있는 파일을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>Choose a folder of your own.</source>
   <translation>내가 쓸 수 있는 폴더를 골라 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/about.py" />
   <source>Choose a folder that `finetune-studio export` made.</source>
   <translation>`finetune-studio export`가 만든 폴더를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/folder.py" />
   <source>Choose a folder that this program made for a run.</source>
   <translation>이 프로그램이 만든 실행 폴더를 골라 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf_adapter.py" />
   <source>Choose a quantisation instead, which merges it first.</source>
   <translation>대신 양자화 방식을 고르세요. 먼저 병합한 다음 만들어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/contents.py" />
   <source>Choose a run that has finished, or a folder that `export` made.</source>
   <translation>끝난 실행이나 `export`가 만든 폴더를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/served.py" />
   <source>Choose a run, or a folder that `finetune-studio export` made.</source>
   <translation>실행이나 `finetune-studio export`가 만든 폴더를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Choose a text-generating model.</source>
   <translation>글을 쓰는 모델을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/target.py" />
   <source>Choose an NVIDIA GPU, such as an RTX 4090 or an L4.</source>
   <translation>RTX 4090이나 L4 같은 NVIDIA GPU를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/folder.py" />
   <source>Choose an empty or a new folder; a run that exists is resumed instead.</source>
   <translation>비어 있거나 새로운 폴더를 골라 주세요. 이미 있는 실행은 이어서 할 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>Choose another --row.</source>
   <translation>--row를 다른 번호로 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>Choose another GPU for training.</source>
   <translation>학습할 GPU를 다른 것으로 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Choose another folder for models and runs.</source>
   <translation>모델과 실행을 둘 폴더를 다른 곳으로 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/files.py" />
   <source>Choose another folder with --out.</source>
   <translation>--out으로 다른 폴더를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/folder.py" />
   <source>Choose another folder, or free space on the disk.</source>
   <translation>다른 폴더를 고르거나 디스크를 비워 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/life.py" />
   <source>Choose another folder.</source>
   <translation>다른 폴더를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Choose another model of the family.</source>
   <translation>같은 계열의 다른 모델을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Choose another model.</source>
   <translation>다른 모델을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/recipe.py" />
   <source>Choose another name with --out.</source>
   <translation>--out으로 다른 이름을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/publish.py" />
   <source>Choose another name, or other data or another base model.</source>
   <translation>이름을 바꾸거나, 다른 데이터나 사전학습 모델을 쓰세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/writing.py" />
   <source>Choose another name.</source>
   <translation>다른 이름을 쓰세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/writing.py" />
   <source>Choose another place.</source>
   <translation>다른 곳을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/serve.py" />
   <source>Choose another port; 0 takes a free one.</source>
   <translation>다른 포트를 고르세요. 0이면 비어 있는 포트를 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/serve.py" />
   <source>Choose another with --port; 0 takes a free one.</source>
   <translation>--port로 다른 포트를 고르세요. 0이면 빈 포트를 골라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>Choose another with --repo, such as {name}.</source>
   <translation>--repo로 다른 이름을 고르세요. 예: {name}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>Choose another, such as {name}.</source>
   <translation>{name}처럼 다른 이름을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/adapters.py" />
   <location filename="../../finetune_studio/hardware/adapters.py" />
   <source>Choose from: {names}.</source>
   <translation>다음에서 고르세요: {names}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/serve.py" />
   <source>Choose one from 1024 to 65535, or 0.</source>
   <translation>1024~65535 사이의 값이나 0을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>Choose one of them in {setting}.</source>
   <translation>{setting}에서 그중 하나를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/sources.py" />
   <source>Choose one of them, or give their columns the same names.</source>
   <translation>하나만 고르거나, 열 이름을 같게 맞추세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/formats.py" />
   <source>Choose one of {names} with --quant.</source>
   <translation>--quant에 {names} 중 하나를 쓰세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>Choose one of {names}.</source>
   <translation>{names} 가운데 하나를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/gpus.py" />
   <source>Choose one such as {names}.</source>
   <translation>{names} 같은 것을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Choose the base model, or merge the adapter first.</source>
   <translation>사전학습 모델을 고르거나, 어댑터를 먼저 병합하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/counted.py" />
   <source>Choose the columns that this shape is read from, under the shape.</source>
   <translation>이 형식에 맞는 열을 형식 아래에서 골라 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/training.py" />
   <source>Choose the folder that `finetune-studio setup bundle` wrote.</source>
   <translation>`finetune-studio setup bundle`로 만든 폴더를 골라 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Choose the folder that holds config.json, the weights and the tokenizer.</source>
   <translation>config.json과 가중치와 토크나이저가 있는 폴더를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Choose the original model that it was made from; GGUF can be made of the result.</source>
   <translation>그 모델의 원본을 고르세요. GGUF는 결과에서 만들 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/layout.py" />
   <source>Chosen by you.</source>
   <translation>직접 골랐어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/in_use.py" />
   <source>Close its windows, stop its trainings, and try again.</source>
   <translation>창을 닫고 학습을 멈춘 다음 다시 시도해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/child.py" />
   <source>Close other programs that use much memory, and try again.</source>
   <translation>메모리를 많이 쓰는 다른 프로그램을 닫고 다시 해 보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>Close other programs, or choose a smaller model; then resume.</source>
   <translation>다른 프로그램을 닫거나 더 작은 모델을 고른 다음 이어서 하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/apart.py" />
   <source>Close other programs, or take fewer rows, and choose the data again.</source>
   <translation>다른 프로그램을 닫거나 행을 줄인 뒤 데이터를 다시 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Close other programs; loading an 8B model takes about 12 GiB.</source>
   <translation>다른 프로그램을 닫으세요. 8B 모델을 읽는 데 약 12 GiB가 들어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/deleting.py" />
   <source>Close what uses it, then delete the folder {path} by hand.</source>
   <translation>그것을 쓰는 프로그램을 닫고 {path} 폴더를 직접 지우세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Close what you do not need before training.</source>
   <translation>학습하기 전에 필요 없는 것을 닫으세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Column mapping</source>
   <translation>열 연결</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>Company networks often put their own certificate in its place.</source>
   <translation>회사 네트워크에서는 회사 인증서로 바뀌어 있는 일이 많아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Compiled layers</source>
   <translation>컴파일한 레이어</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/speed/compile_time.py" />
   <source>Compiling the layers took {seconds} s, once.</source>
   <translation>레이어를 컴파일하는 데 {seconds}초 걸렸어요. 한 번만 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>Computed on: {devices}.</source>
   <translation>계산해 본 장치: {devices}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Computes activations again instead of keeping them: less memory, about a third slower. auto: on for a GPU.</source>
   <translation>활성값을 들고 있지 않고 다시 계산해요. 메모리는 줄고 3분의 1쯤 느려져요. 자동이면 GPU에서 켜요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>Computing a product with the new PyTorch …</source>
   <translation>새 PyTorch로 계산해 보고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>Confidence and accuracy differ by {error:.1%} on average.</source>
   <translation>확신과 정확도는 평균 {error:.1%} 차이가 나요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>Connect to the internet (a proxy is named by HTTPS_PROXY), and go on.</source>
   <translation>인터넷에 연결하고 이어서 해 주세요. 프록시는 HTTPS_PROXY로 알려 줄 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>Connect to the internet, or bring the dataset as files.</source>
   <translation>인터넷에 연결하거나 데이터셋을 파일로 가져오세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>Converting to GGUF</source>
   <translation>GGUF로 바꾸는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/access.py" />
   <source>Copy it whole from the Hub's page Settings, Access Tokens; it begins hf_.</source>
   <translation>Hub의 Settings, Access Tokens에서 통째로 복사하세요. hf_로 시작해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Copy the tokenizer of the same model into the folder.</source>
   <translation>같은 모델의 토크나이저를 폴더에 복사하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/export.py" />
   <source>Copying the adapter</source>
   <translation>어댑터를 복사하는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/fixes.py" />
   <source>Correct data.fixes.</source>
   <translation>data.fixes를 고치세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/split.py" />
   <source>Correct data.split.group.</source>
   <translation>data.split.group을 고치세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>Correct model.revision, or leave it empty for the newest version.</source>
   <translation>model.revision을 고치거나, 비워 두어 최신 버전을 쓰세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>Correct that line, or write the file again.</source>
   <translation>그 줄을 고치거나 파일을 다시 저장하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>Correct the rights of that folder, or set HF_HOME to another.</source>
   <translation>그 폴더의 권한을 고치거나 HF_HOME을 다른 곳으로 두세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/access.py" />
   <source>Correct the rights of that folder, or set HF_TOKEN for each session.</source>
   <translation>그 폴더의 권한을 고치거나 쓸 때마다 HF_TOKEN을 정하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/programs.py" />
   <source>Correct this environment variable, or remove it.</source>
   <translation>이 환경 변수를 고치거나 지워 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Dao 2023, FlashAttention-2; torch.nn.attention.varlen</source>
   <translation>Dao 2023, FlashAttention-2; torch.nn.attention.varlen</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Data licence</source>
   <translation>데이터 라이선스</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Decides by chance which rows are kept aside. The same number keeps the same rows; another number makes another split.</source>
   <translation>어떤 행을 떼어 둘지 무작위로 정해요. 같은 수면 같은 행을 떼고, 다른 수면 다르게 나눠요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/result.py" />
   <source>Delete the file and measure again.</source>
   <translation>파일을 지우고 다시 측정하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/result.py" />
   <source>Delete the file and run `finetune-studio evaluate` again.</source>
   <translation>파일을 지우고 `finetune-studio evaluate`를 다시 실행하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/deleting.py" />
   <source>Delete the folder that it points to: {path}.</source>
   <translation>가리키는 폴더 {path}를 지우세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>Delete? [y/N]</source>
   <translation>지울까요? [y/N]</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>Deleted {path} ({size}).</source>
   <translation>{path} 지움 ({size}).</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>Deleting needs your consent.</source>
   <translation>지우려면 동의가 필요해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Dettmers et al. 2023, QLoRA: adapters on all linear layers reach full fine-tuning</source>
   <translation>Dettmers 외 2023, QLoRA: 모든 선형층에 어댑터를 달면 전체 학습만큼 좋아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Dettmers et al. 2023, QLoRA; Dettmers et al. 2022, LLM.int8()</source>
   <translation>Dettmers 외 2023, QLoRA; Dettmers 외 2022, LLM.int8()</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>Did you mean {near}?</source>
   <translation>혹시 {near}인가요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/fixes.py" />
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>Did you mean “{name}”?</source>
   <translation>혹시 ‘{name}’인가요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/resolve.py" />
   <source>Did you mean “{near}”?</source>
   <translation>혹시 ‘{near}’인가요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>DoRA</source>
   <translation>DoRA</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/verify.py" />
   <source>Does an export say what was trained?</source>
   <translation>내보낸 것이 학습한 대로 답하는지 확인해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/demo.py" />
   <source>Done in {seconds:.0f} s.</source>
   <translation>{seconds:.0f}초 걸렸어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/table.py" />
   <source>Double the quotation marks inside quoted text, or save the file as JSONL.</source>
   <translation>따옴표 안의 따옴표를 두 번 쓰거나, JSONL로 저장하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/download.py" />
   <source>Download it again; if it happens twice, something on the way changes files.</source>
   <translation>다시 내려받으세요. 또 그러면 중간에서 무언가가 파일을 바꾸는 거예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_page.py" />
   <source>Download it first, or choose a model of the catalogue.</source>
   <translation>먼저 내려받거나 목록에 있는 모델을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/figures.py" />
   <source>Download it on the page Model.</source>
   <translation>‘모델’ 화면에서 내려받으세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/figures.py" />
   <source>Download it with `finetune-studio models download {source}`.</source>
   <translation>`finetune-studio models download {source}`로 내려받으세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/compression.py" />
   <location filename="../../finetune_studio/data/readers/columnar.py" />
   <source>Download or copy the file again.</source>
   <translation>파일을 다시 내려받거나 복사하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/configuration.py" />
   <source>Download or copy the model again, or choose another.</source>
   <translation>모델을 다시 내려받거나 복사하거나, 다른 모델을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>Download or copy the model again.</source>
   <translation>모델을 다시 내려받거나 복사하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>Download the model again.</source>
   <translation>모델을 다시 내려받으세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/fetching.py" />
   <source>Downloading {package}, 77 MB …</source>
   <translation>{package}를 내려받고 있어요(77MB)…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>Downloading …</source>
   <translation>내려받고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>Driver {driver} is too old for PyTorch {version}, which was built for CUDA {cuda}.</source>
   <translation>드라이버 {driver}는 CUDA {cuda}용 PyTorch {version}에 너무 오래됐어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_build.py" />
   <source>Driver {driver} runs CUDA 12.</source>
   <translation>드라이버 {driver}에서는 CUDA 12가 돌아가요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_build.py" />
   <source>Driver {driver} runs CUDA 13.</source>
   <translation>드라이버 {driver}에서는 CUDA 13이 돌아가요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Dropout</source>
   <translation>드롭아웃</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Each layer's small operations become few kernels, which takes up to a minute at the start. auto: on for full fine-tuning on a GPU, where packed rows have one length and the run is long enough to earn it.</source>
   <translation>레이어마다 자잘한 연산을 커널 몇 개로 합쳐요. 처음에 1분쯤 걸릴 수 있어요. auto: GPU에서 전체 파인튜닝을 할 때, 패킹한 행의 길이가 모두 같고 그만한 시간을 아낄 만큼 실행이 길면 켜요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/shapes.py" />
   <source>Each row is one message of a longer conversation.</source>
   <translation>행마다 긴 대화의 한 마디예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/objects.py" />
   <location filename="../../finetune_studio/data/sources.py" />
   <source>Each row should look like {"question": "…", "answer": "…"}.</source>
   <translation>행마다 {"question": "…", "answer": "…"} 꼴이어야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>Each was answered, too.</source>
   <translation>모든 행에 답도 해 봤어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Early stopping</source>
   <translation>조기 종료</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>Either a text or a row of data is shown.</source>
   <translation>글이나 데이터의 한 행 가운데 하나만 보여 줄 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/stopping.py" />
   <source>End it on that computer, or restart the computer.</source>
   <translation>그 컴퓨터에서 끝내거나 컴퓨터를 다시 시작해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/disk.py" />
   <source>End the programs that use it, correct the rights, and try again.</source>
   <translation>그것을 쓰는 프로그램을 닫고 권한을 고친 뒤 다시 해 보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Engine</source>
   <translation>엔진</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>English questions answered right</source>
   <translation>맞힌 영어 문항</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Epochs</source>
   <translation>에폭</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Evaluate every</source>
   <translation>평가 간격</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Evaluation batch size</source>
   <translation>평가 배치 크기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/check.py" />
   <source>Every row has the label “{name}”: a classification needs at least two labels.</source>
   <translation>모든 행의 레이블이 ‘{name}’ 하나뿐이에요. 분류에는 레이블이 두 가지 이상 있어야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/usable.py" />
   <source>Every row to measure on is nearly equal to one that is learned.</source>
   <translation>재는 행이 모두 배우는 행과 거의 같아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>Everything computes as it should.</source>
   <translation>모두 제대로 계산해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/metrics.py" />
   <source>Exact match</source>
   <translation>정확히 일치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/gguf_header.py" />
   <source>Export it again.</source>
   <translation>다시 내보내세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/elsewhere.py" />
   <source>Export it first: finetune-studio export RUN --to {form} --out FOLDER</source>
   <translation>먼저 내보내세요: finetune-studio export RUN --to {form} --out FOLDER</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/streaming.py" />
   <source>Export it in bf16 or fp32.</source>
   <translation>bf16이나 fp32로 내보내세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf_adapter.py" />
   <source>Export it with --to gguf, which merges it first.</source>
   <translation>먼저 병합하는 --to gguf로 내보내세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>Export it with --to merged or --to adapter.</source>
   <translation>--to merged나 --to adapter로 내보내세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/export.py" />
   <source>Export it with --to merged.</source>
   <translation>--to merged로 내보내세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>Export it with --to merged; transformers and vLLM read the tokenizer itself.</source>
   <translation>--to merged로 내보내세요. transformers와 vLLM은 토크나이저를 그대로 읽어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/served.py" />
   <source>Export it with --with-base, or put the base model's GGUF file there.</source>
   <translation>--with-base를 붙여 내보내거나, 사전학습 모델의 GGUF 파일을 그 자리에 두세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/merge.py" />
   <source>Export the adapter, or train on the original model.</source>
   <translation>어댑터를 내보내거나, 양자화하지 않은 원래 모델로 학습하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Exported when the run has finished.</source>
   <translation>학습이 끝나면 이 형식으로 내보내요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Feed-forward in tiles</source>
   <translation>피드포워드를 나누어 계산</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/loading.py" />
   <source>Fetch the file again from where the model came from.</source>
   <translation>모델을 받은 곳에서 파일을 다시 받으세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/loading.py" />
   <source>Fetch tokenizer.json again from where the model came from.</source>
   <translation>모델을 받은 곳에서 tokenizer.json을 다시 받으세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>Fewer epochs, a lower learning rate or a smaller rank forget less; so do general rows among your own.</source>
   <translation>에폭을 줄이거나, 학습률을 낮추거나, 랭크를 줄이면 덜 잊어요. 내 데이터에 일반적인 행을 섞어도 그래요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>Figures</source>
   <translation>수치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/held_out.py" />
   <source>Figures on rows that were learned would say nothing.</source>
   <translation>학습한 행으로 잰 수치는 아무것도 말해 주지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Files</source>
   <translation>파일</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Files or folders; relative ones start at the recipe.</source>
   <translation>파일이나 폴더예요. 상대 경로는 레시피가 있는 곳에서 시작해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>Fine-tune a language model on your own GPU.</source>
   <translation>내 GPU에서 언어 모델을 파인튜닝해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/first.py" />
   <source>Finetune Studio is getting ready …</source>
   <translation>Finetune Studio를 준비하고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/in_use.py" />
   <source>Finetune Studio is running.</source>
   <translation>Finetune Studio가 실행 중이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Fixes</source>
   <translation>고치기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/claim.py" />
   <source>Follow it, or stop it first.</source>
   <translation>지켜보거나, 먼저 멈춰 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Formats</source>
   <translation>형식</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>Free some space or choose another folder; the set-up then goes on.</source>
   <translation>공간을 비우거나 다른 폴더를 고르면 이어서 설치해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/files.py" />
   <source>Free some space, or choose a folder on another disk.</source>
   <translation>공간을 비우거나 다른 디스크의 폴더를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Free some space, or choose a folder on another disk; an 8B model takes 16 GB.</source>
   <translation>공간을 비우거나 다른 디스크의 폴더를 고르세요. 8B 모델은 16 GB예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/training.py" />
   <source>Free some space, or choose a folder on another drive.</source>
   <translation>공간을 비우거나 다른 드라이브의 폴더를 골라 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>Free space on it; then resume from the last checkpoint.</source>
   <translation>공간을 비운 뒤 마지막 체크포인트에서 이어서 하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/session.py" />
   <source>Free space on the disk, or save it elsewhere.</source>
   <translation>디스크를 비우거나 다른 곳에 저장해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>Free space there, or ask its owner.</source>
   <translation>그곳의 공간을 비우거나 소유자에게 문의하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>Free space, or move the cache (HF_HOME); the download then goes on.</source>
   <translation>공간을 비우거나 캐시(HF_HOME)를 옮기면 이어서 내려받아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/download.py" />
   <source>Free space, remove models you do not need, or set HF_HOME to another disk.</source>
   <translation>공간을 비우거나, 안 쓰는 모델을 지우거나, HF_HOME을 다른 디스크로 두세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>Free space, then try again.</source>
   <translation>공간을 비운 뒤 다시 해 보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf_adapter.py" />
   <source>GGUF holds the two matrices of LoRA and no magnitudes.</source>
   <translation>GGUF에는 LoRA의 두 행렬만 들어가고 DoRA의 크기 벡터는 들어가지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/llama.py" />
   <source>GGUF needs llama.cpp's converter, which is not installed.</source>
   <translation>GGUF에는 llama.cpp의 변환기가 필요한데 설치되어 있지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/llama.py" />
   <source>Get it once with: {command}</source>
   <translation>한 번만 실행하면 돼요: {command}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>Get the data by `git lfs pull`, or from the page where it is offered.</source>
   <translation>`git lfs pull`로 데이터를 받거나, 올려 둔 페이지에서 내려받으세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>Give --text, or --data with --row.</source>
   <translation>--text를 주거나, --data와 --row를 함께 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>Give a Hub id such as maker/model.</source>
   <translation>maker/model 같은 Hub 주소를 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>Give a folder, or a Hub id such as maker/model.</source>
   <translation>폴더나 만든이/모델 꼴의 Hub 이름을 적으세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/evaluate.py" />
   <source>Give both, or leave both out.</source>
   <translation>둘 다 쓰거나, 둘 다 빼세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/limits.py" />
   <source>Give each column its own name in the first line.</source>
   <translation>첫 줄에서 열마다 다른 이름을 붙이세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/writing.py" />
   <source>Give it one of the endings {names}.</source>
   <translation>파일 이름 끝을 {names} 가운데 하나로 하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>Give it one: owner/name, or the name alone.</source>
   <translation>소유자/이름 또는 이름만 적어 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/tuned.py" />
   <source>Go on with `finetune-studio train RUN --resume`: it is made again.</source>
   <translation>`finetune-studio train RUN --resume`로 이어 가면 다시 만들어져요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/tuned.py" />
   <source>Go on with it on the page Training: it is made again.</source>
   <translation>‘학습’ 화면에서 이어서 하세요. 어댑터가 다시 만들어져요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/train.py" />
   <source>Go on with it: {command}</source>
   <translation>이어서 하려면: {command}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Gradient accumulation</source>
   <translation>그래디언트 누적</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Gradient checkpointing</source>
   <translation>그래디언트 체크포인팅</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Gradient clipping</source>
   <translation>그래디언트 클리핑</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>Guesses</source>
   <translation>예측</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>Have the company's certificate installed on this computer, or name its file in the environment variable SSL_CERT_FILE; then try again.</source>
   <translation>회사 인증서를 이 컴퓨터에 설치하거나 환경 변수 SSL_CERT_FILE에 인증서 파일을 적고 다시 시도해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/architecture.py" />
   <source>How a model of the type “{kind}” is built is not known here.</source>
   <translation>‘{kind}’ 종류의 모델이 어떻게 생겼는지 여기서는 몰라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>How far each step goes. Safe from 1e-5 to 5e-4; full fine-tuning wants the lower end.</source>
   <translation>한 스텝에 얼마나 배울지예요. 1e-5~5e-4가 안전하고, 전체 학습에는 낮은 쪽이 좋아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>How it was measured</source>
   <translation>잰 방법</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>How long the running mean of the gradients remembers: 0.9 looks back about 10 steps. It is hardly ever worth changing.</source>
   <translation>그래디언트 평균을 얼마나 오래 기억하는지예요. 0.9면 10스텝쯤 돌아봐요. 바꿀 일은 거의 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>How long the running size of the gradients remembers: 0.999 looks back about 1,000 steps. 0.99 settles sooner in a short run.</source>
   <translation>그래디언트 크기를 얼마나 오래 기억하는지예요. 0.999면 1,000스텝쯤 돌아봐요. 짧은 학습에서는 0.99가 더 빨리 자리 잡아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/metrics.py" />
   <source>How many short pieces of letters an answer shares with the reference; 0 to 100.</source>
   <translation>답변이 기준 답변과 짧은 글자 조각을 얼마나 나누어 갖는지예요. 0에서 100 사이예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>How often a checkpoint is saved to come back to: below 1 a share of all steps (0.1 is ten times a run), from 1 so many steps.</source>
   <translation>돌아갈 체크포인트를 얼마나 자주 저장할지예요. 1보다 작으면 전체 스텝의 비율(0.1이면 모두 열 번), 1 이상이면 스텝 수예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>How often every row is seen. 1 to 3 suit thousands of rows, 3 to 5 some hundreds; with many more the rows are learned by heart.</source>
   <translation>모든 행을 몇 번 볼지예요. 수천 행이면 1~3번, 수백 행이면 3~5번이 알맞아요. 훨씬 많으면 행을 외워 버려요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>How often the validation rows are measured: below 1 a share of all steps (0.1 is ten times a run), from 1 so many steps.</source>
   <translation>검증 행을 얼마나 자주 평가할지예요. 1보다 작으면 전체 스텝의 비율(0.1이면 모두 열 번), 1 이상이면 스텝 수예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>How rows are laid out; auto recognises it.</source>
   <translation>행이 어떤 형식인지예요. 자동이면 알아서 찾아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/metrics.py" />
   <source>How surprised the model is by each token of the right answers, on rows it never learned.</source>
   <translation>배우지 않은 행의 정답 토큰마다 모델이 얼마나 놀라는지예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>How the learning rate goes down after the warm-up: cosine gently at both ends, linear evenly, constant not at all, and warm-up, stable, decay only near the end.</source>
   <translation>워밍업 뒤 학습률이 어떻게 내려가는지예요. 코사인은 처음과 끝이 완만하고, 선형은 고르게, 일정은 그대로, 워밍업·유지·감소는 끝에서만 내려가요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_page.py" />
   <source>How this model is built is known only once it is on the disk.</source>
   <translation>이 모델의 구조는 디스크에 받은 뒤에야 알 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Hsu et al. 2024, Liger Kernel</source>
   <translation>Hsu 외 2024, Liger Kernel</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Hsu et al. 2024, Liger Kernel; Wijmans et al. 2024, Cut Your Losses</source>
   <translation>Hsu 외 2024, Liger Kernel; Wijmans 외 2024, Cut Your Losses</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Hu et al. 2021, LoRA; BLAS: gemm with beta = 1</source>
   <translation>Hu 외 2021, LoRA; BLAS: beta = 1인 gemm</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Hu et al. 2021, LoRA; defaults of peft</source>
   <translation>Hu 외 2021, LoRA; peft 기본값</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>Hub token (it is not shown): </source>
   <translation>Hub 토큰(화면에 보이지 않아요): </translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>If you changed nothing by hand, please report this.</source>
   <translation>직접 고친 것이 없다면 알려 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>If you trust its maker, turn on “Run the model's own code” (model.trust_remote_code): it runs with all your rights.</source>
   <translation>만든이를 믿는다면 ‘모델에 든 코드 실행’(model.trust_remote_code)을 켜세요. 내 권한 그대로 실행돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>If your network checks traffic itself, set SSL_CERT_FILE to its certificate.</source>
   <translation>네트워크가 통신을 검사한다면 SSL_CERT_FILE에 그 인증서를 지정하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>In row {number}, {why}.</source>
   <translation>{number}번째 행: {why}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>In the catalogue: {names}.</source>
   <translation>목록에 있는 이름: {names}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>In the first of them, {why}.</source>
   <translation>그중 첫 행: {why}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/uv.py" />
   <source>Install Finetune Studio again, or run: pip install 'finetune-studio[train]'</source>
   <translation>Finetune Studio를 다시 설치하거나 이 명령을 실행해 주세요: pip install 'finetune-studio[train]'</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/training.py" />
   <location filename="../../finetune_studio/setup/uv.py" />
   <source>Install Finetune Studio again.</source>
   <translation>Finetune Studio를 다시 설치해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/gui.py" />
   <source>Install Finetune Studio again; it brings PySide6.</source>
   <translation>Finetune Studio를 다시 설치하세요. PySide6가 함께 설치돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/by_unsloth.py" />
   <source>Install it there (pip install unsloth), or set training.engine to studio.</source>
   <translation>그곳에 설치하거나(pip install unsloth) training.engine을 studio로 두세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/harness.py" />
   <source>Install it with `pip install "finetune-studio[harness]"`, or leave --harness out.</source>
   <translation>`pip install "finetune-studio[harness]"`로 설치하거나 --harness를 빼세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Install one, such as the package fonts-noto-cjk.</source>
   <translation>fonts-noto-cjk 같은 글꼴을 설치하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Install the NVIDIA driver, version 580 or newer, and restart the machine.</source>
   <translation>580 이상의 NVIDIA 드라이버를 설치하고 컴퓨터를 다시 시작하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/resolve.py" />
   <source>Install the program again.</source>
   <translation>프로그램을 다시 설치하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>Install the training part again and choose the build {build}.</source>
   <translation>학습 구성요소를 다시 설치하고 {build} 빌드를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>Install the training part again.</source>
   <translation>학습 구성요소를 다시 설치하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>Install the training part on the set-up page.</source>
   <translation>설치 페이지에서 학습 구성요소를 설치하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/training.py" />
   <source>Install what training needs with: pip install 'finetune-studio[train]'</source>
   <translation>학습에 필요한 것은 이 명령으로 설치해 주세요: pip install 'finetune-studio[train]'</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/first.py" />
   <source>Installing Finetune Studio …</source>
   <translation>Finetune Studio를 설치하고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/first.py" />
   <source>Installing the window …</source>
   <translation>창에 필요한 것을 설치하고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>Installing …</source>
   <translation>설치하고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>Interrupted.</source>
   <translation>중단했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/encoding.py" />
   <source>It begins as files of the kind {kind} do.</source>
   <translation>{kind} 파일처럼 시작해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/architecture.py" />
   <source>It can be trained nevertheless; the dry run measures what it needs.</source>
   <translation>그래도 학습할 수 있어요. 필요한 메모리는 시험 실행으로 재요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>It computes in fp16; it has no bf16.</source>
   <translation>fp16으로 계산해요. bf16은 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/callback.py" />
   <source>It diverged at step {step}.</source>
   <translation>{step}스텝에서 발산했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>It does not fit.</source>
   <translation>들어가지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>It does not let this program write to {owner}.</source>
   <translation>이 토큰으로는 {owner}에 쓸 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>It fits.</source>
   <translation>메모리에 들어가요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>It forgot much of what it knew.</source>
   <translation>알던 것을 많이 잊었어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>It forgot some of what it knew.</source>
   <translation>알던 것을 조금 잊었어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>It got better on rows that it never learned.</source>
   <translation>학습하지 않은 행에서 좋아졌어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>It got worse on rows that it never learned.</source>
   <translation>학습하지 않은 행에서 나빠졌어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/search.py" />
   <source>It has no safetensors weights, or the Hub does not tell of them.</source>
   <translation>safetensors 가중치가 없거나 Hub가 알려 주지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>It has version {found}; this program reads up to {known}.</source>
   <translation>버전 {found}인데, 이 프로그램은 {known}까지 읽어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/speaking.py" />
   <source>It has {tokens:,} tokens; the model reads {most:,}.</source>
   <translation>{tokens:,}토큰인데 모델은 {most:,}토큰까지 읽어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It is a group of settings; each of them is set by its own name.</source>
   <translation>여러 설정을 묶은 이름이에요. 그 안의 설정을 하나씩 이름으로 정하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/workbook.py" />
   <source>It is a web page with another ending.</source>
   <translation>확장자만 바꾼 웹 페이지예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/harness.py" />
   <source>It is an extra of its own, for it brings many packages.</source>
   <translation>딸려 오는 패키지가 많아서 따로 설치하게 되어 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/fetching.py" />
   <source>It is built here and needs a C++ compiler: {names}.</source>
   <translation>이 컴퓨터에서 빌드하므로 C++ 컴파일러가 필요해요: {names}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/compression.py" />
   <source>It is more than {ratio} times its size.</source>
   <translation>제 크기의 {ratio}배가 넘어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/figures.py" />
   <source>It is no folder, not in the catalogue, and not on this disk.</source>
   <translation>폴더도 아니고, 목록에도 없고, 이 디스크에도 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>It is not clear which column holds what.</source>
   <translation>어느 열에 무엇이 들었는지 분명하지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/export.py" />
   <source>It is not quite what was trained: up to {close} nats are rounding.</source>
   <translation>학습한 모델과 조금 달라요. 반올림 때문이라면 {close} nat를 넘지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>It is older than Turing: no bf16, and no 8-bit models.</source>
   <translation>Turing보다 오래돼서 bf16과 8비트 모델을 쓸 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>It is owner/name, or the name alone.</source>
   <translation>소유자/이름 또는 이름만 적어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>It is tight: close other programs that use the GPU.</source>
   <translation>빠듯해요. GPU를 쓰는 다른 프로그램을 닫아 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>It is wrong at line {line}, column {column}.</source>
   <translation>{line}번째 줄, {column}번째 칸에서 잘못됐어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>It learns from {names}: set data.shape and data.mapping, or choose another task.</source>
   <translation>이 학습 유형은 {names}에서 배워요. data.shape과 data.mapping을 정하거나 다른 유형을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/access.py" />
   <source>It may have been deleted or mistyped: make a new one and copy it whole.</source>
   <translation>지워졌거나 잘못 입력됐을 수 있어요. 새로 만들어 통째로 복사하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>It may have up to {count} characters.</source>
   <translation>최대 {count}자까지 쓸 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>It may hold Latin letters, digits, - _ and ., and begins and ends with none.</source>
   <translation>영문자, 숫자, - _ .만 쓸 수 있고 - 나 .으로 시작하거나 끝날 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>It may hold neither -- nor .., nor end in .git.</source>
   <translation>--나 ..을 쓸 수 없고 .git으로 끝날 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It must be a finite number.</source>
   <translation>끝이 있는 수여야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It must be a list, such as [a, b].</source>
   <translation>[a, b] 같은 목록이어야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It must be a number.</source>
   <translation>수여야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It must be a whole number.</source>
   <translation>정수여야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It must be greater than {gt}.</source>
   <translation>{gt}보다 커야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It must be less than {lt}.</source>
   <translation>{lt}보다 작아야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It must be names with values, such as {{a: b}}.</source>
   <translation>{{a: b}}처럼 이름과 값의 짝이어야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It must be one of these: {expected}.</source>
   <translation>다음 중 하나여야 해요: {expected}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It must be text in UTF-8.</source>
   <translation>UTF-8 글자여야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It must be text; in a recipe, put it in quotes.</source>
   <translation>글자여야 해요. 레시피에서는 따옴표로 감싸세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It must be there.</source>
   <translation>꼭 있어야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It must be true or false.</source>
   <translation>true나 false여야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It must be {ge} or more.</source>
   <translation>{ge} 이상이어야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It must be {le} or less.</source>
   <translation>{le} 이하여야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It must have {min_length} or more characters.</source>
   <translation>{min_length}글자 이상이어야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It must have {min_length} or more entries.</source>
   <translation>항목이 {min_length}개 이상이어야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It must not be empty.</source>
   <translation>비어 있으면 안 돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/export.py" />
   <source>It names its base model's file; --with-base writes both.</source>
   <translation>Modelfile은 사전학습 모델의 파일 이름을 적어야 해요. --with-base를 붙이면 둘 다 만들어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/export.py" />
   <source>It names its base model's file; save the adapter with its base.</source>
   <translation>Modelfile은 사전학습 모델의 파일 이름을 적어야 해요. ‘어댑터와 사전학습 모델’로 저장하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/entries.py" />
   <source>It needs to run its own code, which is off unless you turn it on.</source>
   <translation>자체 코드를 실행해야 하는데, 켜기 전에는 꺼져 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan.py" />
   <source>It needs {need}; this computer has {free} of memory free.</source>
   <translation>{need}가 필요한데, 이 컴퓨터의 빈 메모리는 {free}예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/verdict.py" />
   <source>It says what the trained model says.</source>
   <translation>학습한 모델과 똑같이 답해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>It says which settings the others are, so it must be there.</source>
   <translation>다른 설정이 무엇인지 이 값으로 정해지므로 꼭 있어야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/columnar.py" />
   <source>It says: {why}</source>
   <translation>이렇게 말해요: {why}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>It still knows what it knew.</source>
   <translation>알던 것을 여전히 알아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>It took {seconds:,.0f} s.</source>
   <translation>{seconds:,.0f}초 걸렸어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>It was cut before an answer came.</source>
   <translation>답이 오기 전에 끊겼어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/llama.py" />
   <source>It was looked for in {folder}, and beside this program.</source>
   <translation>{folder}와 이 프로그램의 환경에서 찾아봤어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/llama.py" />
   <source>It was looked for in {folder}.</source>
   <translation>{folder}에서 찾아봤어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/folder.py" />
   <source>It was moved or deleted while the run went on. Put it back, or train again.</source>
   <translation>학습하는 동안 폴더를 옮기거나 지운 것 같아요. 폴더를 되돌려 놓거나 다시 학습하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/preview.py" />
   <source>It was read in another encoding than it was written in.</source>
   <translation>쓴 것과 다른 인코딩으로 읽었어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/fetching.py" />
   <source>It was stopped.</source>
   <translation>멈췄어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/about.py" />
   <source>It was trained further since; export it again.</source>
   <translation>그 뒤로 더 학습했어요. 다시 내보내세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/verdict.py" />
   <source>It was trained on quantised weights and is put on the original ones here.</source>
   <translation>양자화한 가중치 위에서 학습했는데 여기서는 원래 가중치에 얹혀요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>It would fit, with {size}, after these changes:</source>
   <translation>이렇게 바꾸면 {size}로 들어가요:</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/by_unsloth.py" />
   <source>It would have to be in {folder}.</source>
   <translation>{folder}에 있어야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/search.py" />
   <source>It writes no text.</source>
   <translation>글을 쓰지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <location filename="../../finetune_studio/engine/tuned.py" />
   <source>Its config names “{name}”, Python code that comes with the model.</source>
   <translation>config에 모델과 함께 오는 파이썬 코드 ‘{name}’이(가) 적혀 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/workbook.py" />
   <source>Its first line should name the columns, and rows should follow.</source>
   <translation>첫 줄에 열 이름이, 그다음에 행이 와야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_page.py" />
   <source>Its maker lets people in: accept the licence on its page first.</source>
   <translation>제작자의 허락이 필요해요. 먼저 모델 페이지에서 라이선스에 동의하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>Its name is needed for what is learned.</source>
   <translation>그 이름은 배우는 데 쓰여요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <source>Its process ended with {code}.</source>
   <translation>프로세스가 {code} 코드로 끝났어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/apart.py" />
   <source>Its process is gone; often that is for want of memory.</source>
   <translation>작업하던 프로세스가 사라졌어요. 메모리가 모자랄 때 흔히 그래요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/in_use.py" />
   <source>Its processes: {numbers}.</source>
   <translation>프로세스 번호: {numbers}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>Its roles are {names}.</source>
   <translation>역할은 {names}이에요(예요).</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/workbook.py" />
   <source>Its sheets are {names}.</source>
   <translation>시트는 {names}이에요(예요).</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>Its splits are {names}.</source>
   <translation>나뉜 부분은 {names}이에요(예요).</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/loading.py" />
   <source>Its tokenizer is in an older form, or missing.</source>
   <translation>토크나이저가 옛 형식이거나 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/search.py" />
   <source>Its weights are quantised already: choose the original model.</source>
   <translation>가중치가 이미 양자화됐어요. 원본 모델을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Kalajdzievski 2023, rsLoRA</source>
   <translation>Kalajdzievski 2023, rsLoRA</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/held_out.py" />
   <source>Keep some aside on the page Data, and train again.</source>
   <translation>‘데이터’ 화면에서 일부를 남겨 두고 다시 학습하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Keep the trained weights in fp32 while computing in half precision: more memory for them, but small updates are not lost to rounding.</source>
   <translation>계산은 반정밀도로 하되 배우는 가중치는 fp32로 둬요. 메모리는 더 들지만 작은 변화가 반올림으로 사라지지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Keep together by</source>
   <translation>함께 둘 기준</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>Korean</source>
   <translation>한국어</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>Korean questions answered right</source>
   <translation>맞힌 한국어 문항</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Krell et al. 2021, Efficient sequence packing</source>
   <translation>Krell 외 2021, Efficient sequence packing</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Krell et al. 2021, Efficient sequence packing; TRL: padding_free</source>
   <translation>Krell 외 2021, Efficient sequence packing; TRL: padding_free</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Labels</source>
   <translation>레이블</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/counted.py" />
   <source>Labels are learned from a column of text and one of labels. Choose the shape and the columns of these rows, or another task.</source>
   <translation>레이블은 텍스트 열과 레이블 열로 학습해요. 아래에서 이 행의 형식과 열을 고르거나, 다른 학습 유형을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Layers of one input together</source>
   <translation>입력이 같은 레이어를 함께</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Layers that read the same input, such as those of queries, keys and values, compute at once: their adapters share a product, and their gradients are summed inside products. auto: on where adapters are in one product and the layers are not compiled.</source>
   <translation>쿼리·키·값처럼 같은 입력을 읽는 레이어를 한꺼번에 계산해요. 어댑터가 곱셈 하나를 함께 쓰고, 그래디언트도 곱셈 안에서 더해져요. 자동: 어댑터가 레이어와 한 곱셈이고 레이어를 컴파일하지 않을 때 켜져요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Learning rate</source>
   <translation>학습률</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/served.py" />
   <source>Leave --file out: it chooses among several GGUF files.</source>
   <translation>--file을 빼세요. 여러 GGUF 파일 가운데 하나를 고르는 옵션이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/harness.py" />
   <source>Leave --harness out.</source>
   <translation>--harness를 빼세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/train.py" />
   <source>Leave --out away.</source>
   <translation>--out을 빼 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/export.py" />
   <source>Leave it out, or export --to {form}.</source>
   <translation>이 옵션을 빼거나, --to {form}으로 내보내세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chat.py" />
   <source>Leave one of them out.</source>
   <translation>둘 중 하나를 빼세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>Leave out --gpu or --measure.</source>
   <translation>--gpu나 --measure 가운데 하나를 빼 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>Leave the folder as it is until the upload has ended.</source>
   <translation>업로드가 끝날 때까지 폴더를 그대로 두세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Length grouping</source>
   <translation>길이별 묶기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/tuned.py" />
   <location filename="../../finetune_studio/export/publish.py" />
   <location filename="../../finetune_studio/export/server/served.py" />
   <source>Let it finish, or go on with `finetune-studio train RUN --resume`.</source>
   <translation>끝까지 두거나 `finetune-studio train RUN --resume`로 이어서 하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/tuned.py" />
   <location filename="../../finetune_studio/export/publish.py" />
   <location filename="../../finetune_studio/export/server/served.py" />
   <source>Let it finish, or go on with it on the page Training.</source>
   <translation>끝까지 두거나 ‘학습’ 화면에서 이어서 하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/encoding.py" />
   <source>Let its name end as such files do, or save its rows as CSV or JSONL.</source>
   <translation>이름 끝(확장자)을 그 파일에 맞게 바꾸거나, 행을 CSV나 JSONL로 저장하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_page.py" />
   <source>Licence: {name} {link}</source>
   <translation>라이선스: {name} {link}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Liger kernels</source>
   <translation>Liger 커널</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/table.py" />
   <source>Line {line} has {found} fields; the header has {expected}.</source>
   <translation>{line}번째 줄은 칸이 {found}개인데 머리글은 {expected}개예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>Line {line}: {why}.</source>
   <translation>{line}번째 줄: {why}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Liu et al. 2024, DoRA</source>
   <translation>Liu 외 2024, DoRA</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Llama 2 paper: 2e-5 for supervised fine-tuning</source>
   <translation>Llama 2 논문: 지도 파인튜닝에 2e-5</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/served.py" />
   <source>Load it in Python; the model card has the lines.</source>
   <translation>파이썬에서 불러오세요. 모델 카드에 코드가 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>Loading the base model</source>
   <translation>사전학습 모델을 불러오고 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/export.py" />
   <location filename="../../finetune_studio/engine/verify.py" />
   <source>Loading the export again to compare</source>
   <translation>내보낸 것을 다시 불러와 비교하는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Longer gradients are shortened to this, so that one odd row does not throw the model off. 1 is usual; 0 switches it off.</source>
   <translation>그래디언트가 이보다 길면 이만큼으로 줄여서, 이상한 행 하나가 모델을 망치지 않게 해요. 보통 1이고, 0이면 끄는 거예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/lengths.py" />
   <source>Longer texts go on in the next sequence; nothing of them is lost.</source>
   <translation>긴 글은 다음 시퀀스로 이어져서 잃는 것이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/held_out.py" />
   <source>Look at them on the page Data.</source>
   <translation>‘데이터’ 화면에서 살펴보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/held_out.py" />
   <source>Look at them with `finetune-studio check`, or name others with --data.</source>
   <translation>`finetune-studio check`로 살펴보거나, --data로 다른 행을 알려 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>Look at what is new there, then upload again; nothing was overwritten.</source>
   <translation>그곳에서 무엇이 바뀌었는지 보고 다시 올리세요. 덮어쓴 것은 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>Look for a copy of it in Parquet, or bring its files.</source>
   <translation>Parquet으로 된 것을 찾거나 파일을 가져오세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>Looked at {path}.</source>
   <translation>{path}를 살펴봤어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>Looking what this computer needs …</source>
   <translation>이 컴퓨터에 무엇이 필요한지 보고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Loshchilov and Hutter 2019; Dettmers et al. 2022, 8-bit optimizers</source>
   <translation>Loshchilov와 Hutter 2019; Dettmers 외 2022, 8비트 옵티마이저</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Loss in chunks</source>
   <translation>나눠서 구하는 손실</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/process.py" />
   <source>Lower training.batch_size or training.sequence_length, or choose qlora; then resume.</source>
   <translation>training.batch_size나 training.sequence_length를 줄이거나 qlora를 고른 뒤 이어서 하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/callback.py" />
   <source>Lower training.learning_rate, or raise training.warmup_ratio.</source>
   <translation>training.learning_rate를 낮추거나 training.warmup_ratio를 높이세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/metrics.py" />
   <source>Macro F1</source>
   <translation>매크로 F1</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>Made by Finetune Studio {version} on this machine.</source>
   <translation>이 컴퓨터에서 Finetune Studio {version} 버전으로 만들었어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>Make a token of the kind “write” at {page}, then sign in again.</source>
   <translation>{page}에서 “write” 토큰을 만든 뒤 다시 로그인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/evaluate.py" />
   <source>Make it, or choose another place with --report.</source>
   <translation>폴더를 만들거나 --report로 다른 곳을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/arrow.py" />
   <location filename="../../finetune_studio/data/containers.py" />
   <source>Make room on that disk, or set FINETUNE_STUDIO_HOME to another one.</source>
   <translation>그 디스크를 비우거나 FINETUNE_STUDIO_HOME을 다른 곳으로 두세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>Make the batch or the sequence length smaller, or choose QLoRA; then resume.</source>
   <translation>배치 크기나 시퀀스 길이를 줄이거나 QLoRA를 고른 다음 이어서 하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>Make the bundle with an installed program.</source>
   <translation>묶음은 설치 파일로 설치한 프로그램에서 만들어 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/writing.py" />
   <source>Make the folder first, or choose another one.</source>
   <translation>폴더를 먼저 만들거나 다른 폴더를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/first.py" />
   <source>Making a private Python environment …</source>
   <translation>전용 Python 환경을 만들고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Measure on the rows of these files, instead of keeping some of the others aside.</source>
   <translation>행을 떼어 두는 대신 이 파일의 행으로 평가해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>Measured at rows of {n} tokens: {peak} instead of {planned} planned.</source>
   <translation>{n}토큰 행으로 쟀어요. 예상 {planned}, 실제 {peak}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>Measured on all {rows:,} rows of other files.</source>
   <translation>다른 파일의 {rows:,}행을 모두 썼어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>Measured on all {rows:,} rows that were kept out of training.</source>
   <translation>학습에 쓰지 않은 {rows:,}행을 모두 평가했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>Measured on {rows:,} of {total:,} rows of other files.</source>
   <translation>다른 파일의 {total:,}행 중 {rows:,}행으로 쟀어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>Measured on {rows:,} of {total:,} rows that were kept out of training.</source>
   <translation>학습에 쓰지 않은 {total:,}행 중 {rows:,}행으로 쟀어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>Measured: the memory ran out at rows of {n} tokens.</source>
   <translation>재 보니 {n}토큰 행에서 메모리가 모자랐어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/export.py" />
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>Merging the adapter into the model</source>
   <translation>어댑터를 모델에 병합하는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Micikevicius et al. 2018, Mixed precision training</source>
   <translation>Micikevicius 외 2018, Mixed precision training</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Micikevicius et al. 2022, FP8 Formats for Deep Learning</source>
   <translation>Micikevicius 외 2022, FP8 Formats for Deep Learning</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Minimum change</source>
   <translation>최소 변화</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Model licence</source>
   <translation>모델 라이선스</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/export.py" />
   <source>Modelfile: {note}</source>
   <translation>Modelfile: {note}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_build.py" />
   <source>NVIDIA driver {driver} is too old for this GPU's builds of PyTorch.</source>
   <translation>NVIDIA 드라이버 {driver}는 이 GPU에 맞는 PyTorch 빌드를 쓰기에는 오래됐어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>NVIDIA driver {version}.</source>
   <translation>NVIDIA 드라이버 {version}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Name</source>
   <translation>이름</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>Name a file or a folder in data.files.</source>
   <translation>data.files에 파일이나 폴더를 적으세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/held_out.py" />
   <source>Name a file with other rows: `finetune-studio evaluate RUN --data FILE`.</source>
   <translation>다른 행이 든 파일을 알려 주세요: `finetune-studio evaluate RUN --data FILE`</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/bundle.py" />
   <source>Name a new folder.</source>
   <translation>새 폴더 이름을 적어 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/about.py" />
   <source>Name it: finetune-studio verify EXPORT --run RUN</source>
   <translation>실행을 알려 주세요: finetune-studio verify EXPORT --run RUN</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/workbook.py" />
   <source>Name one of them after the “#”.</source>
   <translation>‘#’ 뒤에 그중 하나를 적으세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>Name one of them: hub:owner/name:configuration.</source>
   <translation>그중 하나를 적으세요: hub:owner/name:configuration.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>Name one of them: hub:owner/name:configuration:split.</source>
   <translation>그중 하나를 적으세요: hub:owner/name:configuration:split.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/served.py" />
   <source>Name one with --file.</source>
   <translation>--file로 하나를 지정하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>Name one with --model.</source>
   <translation>--model로 하나를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>Name the folder's files, or start in another folder.</source>
   <translation>폴더의 파일을 적거나 다른 폴더에서 시작하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/workbook.py" />
   <source>Name the one that you mean: {example}</source>
   <translation>쓰려는 것을 적으세요: {example}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/evaluate.py" />
   <source>Name the page itself: --report {path}</source>
   <translation>파일 이름까지 쓰세요: --report {path}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/tuned.py" />
   <source>Name the run that it came from instead: its recipe agrees to that.</source>
   <translation>대신 이 모델을 만든 실행을 지정하세요. 그 레시피에서는 자체 코드 실행을 허용했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>Name two or more.</source>
   <translation>둘 이상 적어 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/gpus.py" />
   <source>No GPU called {name} is known.</source>
   <translation>{name}(이)라는 GPU는 몰라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/export.py" />
   <source>No Modelfile: {note}</source>
   <translation>Modelfile을 쓰지 않았어요: {note}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_build.py" />
   <source>No NVIDIA GPU was found, so the small build is enough.</source>
   <translation>NVIDIA GPU가 없어서 작은 빌드면 충분해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>No NVIDIA GPU was found.</source>
   <translation>NVIDIA GPU를 찾지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>No change of settings makes it fit; choose a smaller model.</source>
   <translation>설정을 바꿔도 들어가지 않아요. 더 작은 모델을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/shapes.py" />
   <source>No column holds text.</source>
   <translation>글이 있는 열이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>No column is mapped to “{role}”.</source>
   <translation>‘{role}’ 역할을 맡은 열이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>No data has been chosen yet.</source>
   <translation>데이터를 아직 고르지 않았어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>No file was given.</source>
   <translation>파일을 고르지 않았어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>No font with Hangul was found; Korean text may show as boxes.</source>
   <translation>한글 글꼴이 없어서 글자가 네모로 보일 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>No held-out row was learned, but {count:,} of their questions were.</source>
   <translation>떼어 둔 행을 그대로 학습한 것은 없지만, 그중 {count:,}개의 질문은 학습했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>No model was given.</source>
   <translation>모델을 고르지 않았어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>No padding</source>
   <translation>패딩 없이</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/verdict.py" />
   <source>No prompt is answered word for word the same.</source>
   <translation>글자 하나까지 같은 답이 나온 프롬프트는 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/dataset.py" />
   <location filename="../../finetune_studio/tokens/learned.py" />
   <source>No row has anything to learn within {length:,} tokens.</source>
   <translation>{length:,}토큰 안에 배울 것이 있는 행이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/learned.py" />
   <source>No token ends an answer in this chat template: the model would never stop.</source>
   <translation>이 대화 템플릿에는 답을 끝내는 토큰이 없어서 모델이 멈추지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>No token is kept here any more.</source>
   <translation>이제 여기에 보관된 토큰이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/train.py" />
   <source>No whole checkpoint was found; training starts again.</source>
   <translation>온전한 체크포인트가 없어서 처음부터 다시 학습해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/held_out.py" />
   <source>None of the held-out rows has anything to measure.</source>
   <translation>떼어 둔 행에 잴 것이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>None of the held-out rows was learned, nor one that is nearly equal.</source>
   <translation>떼어 둔 행을 학습한 적이 없고, 거의 같은 행도 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>None of the {count} rows can become {shape}.</source>
   <translation>{count}행 가운데 {shape}(으)로 바꿀 수 있는 행이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/usable.py" />
   <source>None of the {count} rows can train the task {task}.</source>
   <translation>{count}행 가운데 {task} 학습에 쓸 수 있는 행이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Norms, rotary places and MLPs computed by Triton kernels of one pass each. auto: on for a GPU where liger-kernel is installed, knows the model and its layers are not compiled.</source>
   <translation>정규화, 회전 위치, MLP를 한 번에 처리하는 Triton 커널로 계산해요. auto: GPU에 liger-kernel이 설치되어 있고, 이 모델을 알며, 레이어를 컴파일하지 않을 때 켜요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/figures.py" />
   <source>Nothing is known of the model {source}.</source>
   <translation>{source} 모델을 알 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>Nothing was deleted.</source>
   <translation>아무것도 지우지 않았어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>Nothing was removed.</source>
   <translation>아무것도 지우지 않았어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>Nothing was sent for {minutes} min.</source>
   <translation>{minutes}분 동안 아무것도 보내지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/export.py" />
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>Nothing was written; the run itself is as it was.</source>
   <translation>아무것도 쓰지 않았고, 실행은 그대로예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>Of every row, the {lost} answers would be lost.</source>
   <translation>행마다 {lost} 답을 잃게 돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_page.py" />
   <source>On {place}: {marks}</source>
   <translation>{place}: {marks}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>One question a line, answered at every evaluation, to be read beside the curve. In the window they come from the held-out rows at first; put yours in their place.</source>
   <translation>한 줄에 하나씩 적어요. 평가할 때마다 답을 받아 곡선 옆에 보여 줘요. 창에서는 처음에 검증용 행에서 몇 개를 가져오니 원하는 질문으로 바꾸세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>One run alone cannot be compared.</source>
   <translation>실행 하나만으로는 비교할 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/verdict.py" />
   <source>Only {share:.0%} of the prompts are answered word for word the same.</source>
   <translation>프롬프트의 {share:.0%}만 글자 하나까지 같은 답이 나와요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>Open a browser and sign in to the network, or check HF_ENDPOINT; then try again.</source>
   <translation>브라우저로 네트워크에 로그인하거나 HF_ENDPOINT를 확인한 뒤 다시 해 보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/workbook.py" />
   <source>Open it in a spreadsheet, and save it as .xlsx or .csv.</source>
   <translation>표 프로그램에서 열어 .xlsx나 .csv로 저장하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/workbook.py" />
   <source>Open it in a spreadsheet, and save it as .xlsx without a password.</source>
   <translation>표 프로그램에서 열어 암호 없는 .xlsx로 저장하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/encoding.py" />
   <source>Open the address in a browser, and download the data itself.</source>
   <translation>그 주소를 브라우저로 열어 데이터 파일을 내려받으세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/programs.py" />
   <source>Open the set-up page, which installs what training needs.</source>
   <translation>설치 페이지를 열면 학습에 필요한 것을 설치해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>OpenAI's interface to a run or an export, on this machine</source>
   <translation>실행이나 내보낸 모델을 이 컴퓨터에서 OpenAI 인터페이스로 제공해요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Optimiser</source>
   <translation>옵티마이저</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Packing</source>
   <translation>패킹</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/lines.py" />
   <source>Packing is off: this model does not keep packed rows apart.</source>
   <translation>패킹을 껐어요. 이 모델은 한 줄에 묶인 행들을 서로 떼어 놓지 못해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Patience</source>
   <translation>조기 종료 대기 횟수</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/metrics.py" />
   <source>Perplexity</source>
   <translation>퍼플렉시티</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>Perplexity of English texts</source>
   <translation>영어 글의 퍼플렉시티</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>Perplexity of Korean texts</source>
   <translation>한국어 글의 퍼플렉시티</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/demo.py" />
   <source>Perplexity {before:,.0f} → {after:,.0f}; right tokens {low:.0%} → {high:.0%}.</source>
   <translation>Perplexity {before:,.0f} → {after:,.0f}, 맞힌 토큰 {low:.0%} → {high:.0%}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/metrics.py" />
   <source>Precision and recall as one share, every label counting the same.</source>
   <translation>정밀도와 재현율을 하나로 합친 값이에요. 모든 라벨을 똑같이 쳐요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Precision of the base model</source>
   <translation>사전학습 모델의 정밀도</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/llama.py" />
   <source>Press “Get it” under GGUF on the page Results.</source>
   <translation>‘결과와 내보내기’ 화면의 GGUF 아래에서 ‘받아서 설치하기’를 누르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/stopping.py" />
   <source>Process {pid} on {host} is still running.</source>
   <translation>{host}에서 프로세스 {pid}번이 아직 돌고 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>Programs that run GGUF files generate text; they have no labels.</source>
   <translation>GGUF를 돌리는 프로그램은 글을 만들 뿐, 레이블이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Pulls the weights a little towards 0 at each step, against overfitting. Adapters rarely need it; full training often takes 0.01 to 0.1.</source>
   <translation>스텝마다 가중치를 조금씩 0으로 당겨 과적합을 줄여요. 어댑터에는 거의 필요 없고, 전체 학습에는 0.01~0.1을 많이 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Put before every conversation that has none of its own; empty adds nothing.</source>
   <translation>시스템 프롬프트가 없는 대화 앞에 붙여요. 비워 두면 아무것도 붙이지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>Put it back, or choose another one on the page of the data.</source>
   <translation>파일을 되돌려 놓거나 데이터 페이지에서 다른 파일을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/table.py" />
   <source>Put text that holds a delimiter or a line break into double quotation marks.</source>
   <translation>구분 기호나 줄바꿈이 있는 글은 큰따옴표로 묶으세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/life.py" />
   <source>PyTorch and the training libraries</source>
   <translation>PyTorch와 학습 라이브러리</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>PyTorch does not start: {error}.</source>
   <translation>PyTorch가 시작되지 않아요: {error}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>PyTorch is not installed, so nothing can be trained yet.</source>
   <translation>PyTorch가 없어서 아직 학습할 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>PyTorch {build}: {size} to download, {disk} on the disk, {free} free in {path}.</source>
   <translation>PyTorch {build}: {size}를 내려받고 디스크를 {disk} 써요. {path}에는 {free}가 비어 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>PyTorch {version} for CUDA {cuda} sees the GPU.</source>
   <translation>CUDA {cuda}용 PyTorch {version}이 GPU를 알아봐요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>PyTorch {version} has no code for {name} (compute capability {major}.{minor}).</source>
   <translation>PyTorch {version}에는 {name}(컴퓨트 능력 {major}.{minor})용 코드가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>PyTorch {version} is a build for the processor alone and leaves the GPU idle.</source>
   <translation>PyTorch {version}은 CPU 전용이라 GPU를 쓰지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>PyTorch {version} sees no GPU although the driver shows one.</source>
   <translation>드라이버는 GPU를 보여 주는데 PyTorch {version}은 알아보지 못해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/proof.py" />
   <source>PyTorch {version} sees no GPU.</source>
   <translation>PyTorch {version}에서 GPU가 보이지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>PyTorch {version}.</source>
   <translation>PyTorch {version}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>QLoRA paper: 0.03</source>
   <translation>QLoRA 논문: 0.03</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>QLoRA paper: 2e-4 up to 13B</source>
   <translation>QLoRA 논문: 13B까지 2e-4</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>QLoRA paper: 2e-4 up to 13B, 1e-4 above</source>
   <translation>QLoRA 논문: 13B까지 2e-4, 그 위는 1e-4</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>QLoRA paper: batch 16</source>
   <translation>QLoRA 논문: 배치 16</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>Quantising</source>
   <translation>양자화하는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>Quantising to {name} failed.</source>
   <translation>{name} 양자화에 실패했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>Questions answered right</source>
   <translation>맞힌 문항</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/metrics.py" />
   <source>ROUGE-L</source>
   <translation>ROUGE-L</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/train.py" />
   <source>Raise training.epochs or training.max_steps to go on.</source>
   <translation>더 하려면 training.epochs나 training.max_steps를 늘리세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/dataset.py" />
   <source>Raise training.sequence_length, or look at the rows with `check`.</source>
   <translation>training.sequence_length를 늘리거나 `check`로 행을 살펴보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Rajbhandari et al. 2021, ZeRO-Infinity</source>
   <translation>Rajbhandari 외 2021, ZeRO-Infinity</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Rank r</source>
   <translation>랭크 r</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/chat.py" />
   <source>Read `finetune-studio evaluate`, or ask it without --compare.</source>
   <translation>`finetune-studio evaluate`를 보거나 --compare 없이 물어보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>Readable are {endings}, also compressed as {compressed}.</source>
   <translation>{endings}을 읽어요. {compressed}로 압축한 것도 돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/serve.py" />
   <source>Ready: {url} (model “{model}”). Ctrl+C ends it.</source>
   <translation>준비됐어요: {url} (모델 “{model}”). Ctrl+C로 끝내요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>Reference</source>
   <translation>기준 답변</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/contents.py" />
   <source>Remove it from the file, or export again.</source>
   <translation>파일에서 지우거나 다시 내보내세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Remove models you do not need (`models remove`), or set HF_HOME elsewhere.</source>
   <translation>필요 없는 모델을 지우거나(`models remove`) HF_HOME을 다른 곳으로 정하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>Remove this? [y/N] </source>
   <translation>지울까요? [y/N] </translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>Remove {model}, {size}? [y/N]</source>
   <translation>{model}({size}) 지울까요? [y/N]</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>Removed.</source>
   <translation>지웠어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>Rename the column, or split without data.split.group.</source>
   <translation>열 이름을 바꾸거나 data.split.group 없이 나누세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/ollama.py" />
   <source>Rendered by Ollama, it would say something else.</source>
   <translation>Ollama가 그리면 다른 프롬프트가 돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Repairs applied to rows as they are read; the files stay as they are.</source>
   <translation>행을 읽을 때 적용하는 고침이에요. 파일은 그대로 둬요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Restart the machine.</source>
   <translation>컴퓨터를 다시 시작하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>Restart the machine; if that does not help, install the driver again.</source>
   <translation>컴퓨터를 다시 시작하세요. 그래도 안 되면 드라이버를 다시 설치하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>Resume it from its last checkpoint.</source>
   <translation>마지막 체크포인트에서 이어서 하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Revision</source>
   <translation>리비전</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Row limit</source>
   <translation>행 수 제한</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>Row {number} cannot be shown: {why}.</source>
   <translation>{number}번 행을 보여 줄 수 없어요: {why}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>Row {number} is left out of training.</source>
   <translation>{number}번 행은 학습에서 빠져요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/learned.py" />
   <source>Rows are filled up with “{end}”, which also ends an answer. Here its end is learned all the same, for padding goes by its place; packed rows have none.</source>
   <translation>행의 남는 자리를 “{end}”로 채우는데, 답변을 끝내는 토큰이기도 해요. 여기서는 자리로 패딩을 가리니 끝 토큰도 그대로 학습해요. 패킹한 행에는 패딩이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>Rows are what is true, columns what was guessed. The base model has no head for these labels, so its guesses are chance; always saying the most frequent one would be right in {share:.0%}.</source>
   <translation>행은 정답, 열은 예측이에요. 사전학습 모델에는 이 라벨을 위한 출력층이 없어서 예측이 우연에 가까워요. 가장 흔한 라벨만 말해도 {share:.0%}는 맞아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Rows of like length share a batch, so that little is padded; the batches come in a random order. auto: on where rows are not packed.</source>
   <translation>길이가 비슷한 행끼리 한 배치에 담아 패딩을 줄여요. 배치의 순서는 무작위예요. auto: 패킹하지 않을 때 켜요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/check.py" />
   <source>Rows of the shape {shape} cannot be trained on yet. Convert them to messages, and keep the good answers alone.</source>
   <translation>{shape} 형식의 행은 아직 학습할 수 없어요. messages로 바꾸면서 좋은 답만 남기세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>Rows of the shape {shape} cannot become {to}.</source>
   <translation>{shape} 형식의 행은 {to}(으)로 바꿀 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>Rows of the shape {shape} cannot train the task {task}.</source>
   <translation>{shape} 형식의 행으로는 {task} 유형을 학습할 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Rows that are computed at once. More is faster and steadier, until memory is full; what does not fit is added up instead (gradient accumulation).</source>
   <translation>한 번에 계산하는 행 수예요. 많을수록 빠르고 안정적이지만 메모리를 더 써요. 다 올라가지 않으면 그래디언트 누적으로 모아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Rows that are measured at once. Measuring takes less memory than learning, so more may fit; 0 takes the training's own.</source>
   <translation>한 번에 평가하는 행 수예요. 평가는 학습보다 메모리를 덜 써서 더 크게 잡을 수 있어요. 0이면 학습의 배치 크기를 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Rows that share a line go through PyTorch's variable-length kernel, which never computes what a mask would hide. auto: on where the GPU and the model have it.</source>
   <translation>한 줄을 나눠 쓰는 행들을 PyTorch의 가변 길이 커널로 계산해요. 마스크로 가릴 부분은 처음부터 계산하지 않아요. auto: GPU와 모델이 지원하면 켜요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Rows with more tokens are cut here and lose their ends; memory grows with it. The Tokenizer page shows how many rows that would be.</source>
   <translation>토큰이 이보다 많은 행은 여기서 잘려 끝을 잃어요. 클수록 메모리를 더 써요. 몇 행이 잘리는지는 토크나이저 페이지에서 볼 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Run the model's own code</source>
   <translation>모델에 든 코드 실행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/gui.py" />
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Run: sudo apt install {packages}</source>
   <translation>실행하세요: sudo apt install {packages}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/verdict.py" />
   <source>Same likeliest token {top1:.1%} of {places:,} places; KL divergence {kl:.2g} nats.</source>
   <translation>가장 유력한 토큰이 같은 곳: {places:,}곳 중 {top1:.1%}, KL 발산 {kl:.2g}nat.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Sample length</source>
   <translation>답의 길이</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Sample prompts</source>
   <translation>확인용 질문</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/encoding.py" />
   <source>Save it as UTF-8 text. If it is no text, such as an Excel workbook, let its name end as such files do: .xlsx, .parquet, .arrow.</source>
   <translation>글 파일이면 UTF-8로 저장하세요. 엑셀 파일처럼 글이 아니라면 이름 끝을 그 파일에 맞게 .xlsx, .parquet, .arrow로 바꾸세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>Save it merged, or as an adapter.</source>
   <translation>병합 모델이나 어댑터로 저장하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>Save it merged; transformers and vLLM read the tokenizer itself.</source>
   <translation>병합 모델로 저장하세요. transformers와 vLLM은 토크나이저를 그대로 읽어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/session.py" />
   <source>Save it under a name.</source>
   <translation>이름을 지어 저장해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/served.py" />
   <source>Save the adapter with its base, or put the base model's GGUF file there.</source>
   <translation>‘어댑터와 사전학습 모델’로 저장하거나, 사전학습 모델의 GGUF 파일을 그 자리에 두세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/layouts.py" />
   <source>Save the list that you mean as a file of its own.</source>
   <translation>쓰려는 목록을 따로 파일로 저장하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>Say --yes to remove without asking.</source>
   <translation>묻지 않고 지우려면 --yes를 붙여 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>Say it with --shape and --map.</source>
   <translation>--shape와 --map으로 알려 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>Say on the page of the data how they are laid out, or choose another task.</source>
   <translation>데이터 화면에서 행의 형식과 열을 정하거나 다른 학습 유형을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Scales by alpha / √r, so that large ranks learn as fast as small ones.</source>
   <translation>alpha / √r로 곱해서, 랭크가 커도 작은 랭크만큼 빨리 배워요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Schedule</source>
   <translation>스케줄러</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>See `finetune-studio recipe reference`.</source>
   <translation>`finetune-studio recipe reference`를 보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Seed</source>
   <translation>시드</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/app.py" />
   <source>Send the header “Content-Type: application/json”.</source>
   <translation>“Content-Type: application/json” 헤더를 보내세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Sequence length</source>
   <translation>시퀀스 길이</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>Set HTTPS_PROXY to http://NAME:PASSWORD@ADDRESS:PORT, and try again.</source>
   <translation>HTTPS_PROXY를 http://이름:암호@주소:포트로 정하고 다시 시도해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>Set data.mapping, such as {role}: {column}.</source>
   <translation>{role}: {column}처럼 data.mapping을 정하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/usable.py" />
   <source>Set data.shape and data.mapping, or choose another task.</source>
   <translation>data.shape과 data.mapping을 정하거나 다른 학습 유형을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>Set data.shape to prompt-completion and map completion to the column of good answers.</source>
   <translation>data.shape을 prompt-completion으로 두고 completion에 좋은 답의 열을 맞추세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/life.py" />
   <source>Set it up there instead.</source>
   <translation>옮기는 대신 그곳에 설치해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/device.py" />
   <source>Set method.base_precision to auto, or choose qlora with 8 bits.</source>
   <translation>method.base_precision을 auto로 두거나 8비트 qlora를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/device.py" />
   <source>Set method.base_precision to auto.</source>
   <translation>method.base_precision을 auto로 두세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/device.py" />
   <source>Set method.master_weights to true, or choose LoRA.</source>
   <translation>method.master_weights를 true로 두거나 LoRA를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>Set task.template to another template, or mend the row.</source>
   <translation>task.template을 다른 템플릿으로 바꾸거나 행을 고치세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/templates.py" />
   <source>Set task.template to model, {names}.</source>
   <translation>task.template을 model, {names} 가운데 하나로 두세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/supervision.py" />
   <source>Set task.template to {name}.</source>
   <translation>task.template을 {name}(으)로 두세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>Set the date and time of this computer right, and try again.</source>
   <translation>이 컴퓨터의 날짜와 시간을 맞추고 다시 시도해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/by_unsloth.py" />
   <source>Set training.engine to studio.</source>
   <translation>training.engine을 studio로 두세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/shapes.py" />
   <source>Several columns hold text, and their names do not say which is which: {names}.</source>
   <translation>글이 있는 열이 여럿인데 이름만으로는 알 수 없어요: {names}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Shape</source>
   <translation>데이터 형식</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Short rows share one sequence without seeing each other, so that nothing is padded.</source>
   <translation>짧은 행을 이어 붙여 빈칸을 없애요. 서로의 글은 보지 못해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>Sign in again with `finetune-studio models login`.</source>
   <translation>`finetune-studio models login`으로 다시 로그인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>Sign in again with another token.</source>
   <translation>다른 토큰으로 다시 로그인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>Sign in here with a token that may write.</source>
   <translation>여기에서 쓰기 권한이 있는 토큰으로 로그인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/gui.py" />
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Sign in on a desktop, or use ssh -X.</source>
   <translation>데스크톱에 로그인하거나 ssh -X를 쓰세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>Sign in with `finetune-studio models login`, with a token that may write.</source>
   <translation>쓰기 권한이 있는 토큰으로 `finetune-studio models login`을 실행해 로그인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>Signed in as {name}.</source>
   <translation>{name} 계정으로 로그인했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>So many evaluations in a row without improvement end the training. Fewer stop sooner, perhaps at a chance bump.</source>
   <translation>이만큼 잇달아 나아지지 않으면 학습을 끝내요. 작을수록 일찍 멈추지만, 우연한 흔들림에 멈출 수도 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>So many of the newest are kept, plus the best. Each needs disk: an adapter some MB, a full model some GB.</source>
   <translation>가장 새것을 이만큼 남기고, 가장 좋은 것은 늘 남겨요. 어댑터는 몇 MB, 모델 전체는 몇 GB씩 디스크를 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Some models bring Python code that runs on this machine with all your rights. Off refuses them.</source>
   <translation>어떤 모델에는 이 컴퓨터에서 내 권한 그대로 도는 Python 코드가 들어 있어요. 끄면 그런 모델을 거절해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/preferences.py" />
   <source>Some preferences were broken and are as usual again: {names}. A copy is {path}.</source>
   <translation>환경 설정 일부가 깨져서 기본값으로 되돌렸어요: {names}. 사본은 {path}에 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>Something else answered in the Hub's place.</source>
   <translation>Hub 대신 다른 것이 대답했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Split seed</source>
   <translation>분할 시드</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/train.py" />
   <source>Start a new run, or change only training.epochs or training.max_steps.</source>
   <translation>새 실행을 시작하거나 training.epochs, training.max_steps만 바꾸세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/following.py" />
   <source>Start it, then follow it.</source>
   <translation>먼저 시작한 다음 지켜보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/by_unsloth.py" />
   <source>Start one process, or set training.engine to studio.</source>
   <translation>프로세스를 하나만 시작하거나 training.engine을 studio로 두세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <source>Stays here: {names}</source>
   <translation>올리지 않는 파일: {names}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Step limit</source>
   <translation>스텝 제한</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/deleting.py" />
   <source>Stop it first, then delete it.</source>
   <translation>먼저 멈춘 뒤에 지우세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/in_use.py" />
   <source>Stop it or let it end, and try again.</source>
   <translation>멈추거나 끝날 때까지 기다린 다음 다시 시도해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/train.py" />
   <source>Stopping it at once.</source>
   <translation>바로 멈춰요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/train.py" />
   <source>Stopping it in good order; Ctrl+C again stops it at once.</source>
   <translation>차례대로 멈추고 있어요. Ctrl+C를 한 번 더 누르면 바로 멈춰요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Stops after so many steps, whatever the epochs say: good for a quick try. 0 leaves it to the epochs.</source>
   <translation>에폭과 상관없이 이만큼의 스텝 뒤에 멈춰요. 빠르게 시험해 볼 때 좋아요. 0이면 에폭을 따라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Stops when the validation loss no longer improves, and keeps the best checkpoint: against overfitting, and wasted hours.</source>
   <translation>검증 손실이 더 나아지지 않으면 멈추고 가장 좋은 체크포인트를 남겨요. 과적합과 시간 낭비를 막아 줘요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/containers.py" />
   <source>Such archives are made to do harm; ask for another one.</source>
   <translation>이런 압축 파일은 해를 끼치려고 만든 거예요. 다른 것을 달라고 하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>Switch off “Only I see it” if that is meant, or choose another name.</source>
   <translation>그럴 생각이라면 ‘나만 보기’를 끄고, 아니면 다른 이름을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>System prompt</source>
   <translation>시스템 프롬프트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>TRL: assistant-only loss</source>
   <translation>TRL: 답에만 손실을 계산</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/loading.py" />
   <source>Take a revision of the model that has one, or save one with transformers.</source>
   <translation>그것이 있는 버전을 쓰거나 transformers로 저장하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/usable.py" />
   <source>Take fixes out of data.fixes.</source>
   <translation>data.fixes에서 고침을 빼세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/deltas.py" />
   <source>Take it from a checkpoint of the run again, or train again.</source>
   <translation>실행의 체크포인트에서 다시 가져오거나 다시 학습하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/usable.py" />
   <source>Take the fix “leakage” out of data.fixes, or bring other validation files.</source>
   <translation>data.fixes에서 ‘leakage’를 빼거나 다른 검증 파일을 가져오세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/demo.py" />
   <source>Talk to it: finetune-studio chat {path}</source>
   <translation>대화해 보기: finetune-studio chat {path}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>Talking to the Hub is switched off, and “{name}” was not fetched before.</source>
   <translation>Hub 연결이 꺼져 있고 ‘{name}’을(를) 받아 둔 적도 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>Talking to the Hub is switched off.</source>
   <translation>Hub 연결이 꺼져 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Target modules</source>
   <translation>대상 모듈</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/counted.py" />
   <source>Text is learned from one column of it. Choose the shape and the column, or another task.</source>
   <translation>텍스트는 텍스트 열 하나로 학습해요. 아래에서 형식과 열을 고르거나, 다른 학습 유형을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>Texts to be labelled cannot share a sequence.</source>
   <translation>레이블을 붙일 글은 한 시퀀스에 함께 담을 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>That “{name}” fits is only proven by its runtime.</source>
   <translation>“{name}” 방식이 맞는지는 런타임이 있어야 확인할 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>The 4-bit weights of QLoRA are unpacked into 8-bit floats and multiplied in them, inputs and gradients rounded alike: faster on GPUs of compute capability 8.9 and newer, with a little more rounding. auto: off.</source>
   <translation>QLoRA의 4비트 가중치를 8비트 부동소수점으로 풀어 그대로 곱해요. 입력과 기울기도 같은 방식으로 반올림해요. 컴퓨트 능력 8.9 이상인 GPU에서 더 빠르고, 반올림 오차가 조금 더 생겨요. auto: 꺼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/guard.py" />
   <source>The API key is missing or wrong.</source>
   <translation>API 키가 없거나 틀려요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/process.py" />
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The GPU ran out of memory.</source>
   <translation>GPU 메모리가 모자랐어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>The Hub answered with error {status}.</source>
   <translation>Hub가 오류 {status}로 대답했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>The Hub asks to wait {minutes} min before the next request.</source>
   <translation>Hub가 {minutes}분 뒤에 다시 요청하라고 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>The Hub cannot be reached, and “{name}” was not fetched before.</source>
   <translation>Hub에 닿지 못하고 ‘{name}’을(를) 받아 둔 적도 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>The Hub could not be reached ({why}).</source>
   <translation>Hub에 닿지 못했어요 ({why}).</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>The Hub does not accept the token, or hides {repo} from it.</source>
   <translation>Hub가 토큰을 받아들이지 않거나, 이 토큰에는 {repo}을(를) 보여 주지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>The Hub does not accept the token, or there is no model {model}.</source>
   <translation>Hub가 토큰을 받지 않거나 {model} 모델이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>The Hub does not accept the token.</source>
   <translation>Hub가 토큰을 받아들이지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/access.py" />
   <source>The Hub does not accept this token.</source>
   <translation>Hub가 이 토큰을 받지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>The Hub does not let this account write to {repo}.</source>
   <translation>이 계정으로는 {repo}에 쓸 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <source>The Hub does not take it now; the next attempt is in {seconds:.0f} s.</source>
   <translation>Hub가 지금 받지 않아서 {seconds:.0f}초 뒤에 다시 시도해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>The Hub has a fault of its own.</source>
   <translation>Hub에 장애가 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>The Hub has no room for this.</source>
   <translation>Hub에 공간이 모자라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>The Hub refused what was sent.</source>
   <translation>Hub가 보낸 내용을 거부했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>The Hub's certificate is not trusted.</source>
   <translation>Hub의 인증서를 믿을 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>The Hub's storage refused the upload.</source>
   <translation>Hub의 저장소가 업로드를 거부했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>The NVIDIA driver was updated but the old one is still running.</source>
   <translation>NVIDIA 드라이버를 새로 설치했지만 옛것이 아직 돌고 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/programs.py" />
   <source>The Python for training cannot be run.</source>
   <translation>학습용 Python을 실행할 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/access.py" />
   <source>The account</source>
   <translation>계정</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/tuned.py" />
   <source>The adapter in {folder} cannot be read.</source>
   <translation>{folder}의 어댑터를 읽을 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/streaming.py" />
   <location filename="../../finetune_studio/engine/tuned.py" />
   <source>The adapter in {folder} does not fit it.</source>
   <translation>{folder} 폴더의 어댑터가 이 모델에 맞지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/deltas.py" />
   <source>The adapter of this run is damaged.</source>
   <translation>이 실행의 어댑터가 손상됐어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>The adapter's small products are added inside the product of the layer they belong to, instead of in passes of their own. auto: on for LoRA and 4-bit QLoRA without DoRA and dropout.</source>
   <translation>어댑터의 작은 곱셈을 따로 하지 않고, 어댑터가 붙은 층의 곱셈 안에서 함께 더해요. auto: DoRA와 드롭아웃이 없는 LoRA와 4비트 QLoRA에서 켜져요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>The adapter's weight is alpha / r (alpha / √r with rsLoRA); twice the rank is usual.</source>
   <translation>어댑터의 세기는 alpha / r이에요(rsLoRA면 alpha / √r). 보통 랭크의 두 배로 둬요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>The answer is a web page, as the sign-in pages of guest networks are.</source>
   <translation>대답이 웹 페이지예요. 손님용 네트워크의 로그인 화면 같아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/containers.py" />
   <source>The archive “{name}” holds no file that can be read.</source>
   <translation>압축 파일 ‘{name}’에 읽을 수 있는 파일이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>The assistant's words with their end-of-turn token, only the last answer, or every token.</source>
   <translation>답과 그 끝 토큰, 마지막 답만, 또는 모든 토큰 중에서 골라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>The base model and the tuned one finish the same general sentences and read the same short texts, in Korean and in English, as plain text. The right end of a sentence competes with three wrong ones.</source>
   <translation>사전학습 모델과 튜닝한 모델이 똑같은 일반 문장을 끝맺고 똑같은 짧은 글을 읽어요. 한국어와 영어로, 대화 틀 없이 글 그대로예요. 문장의 맞는 끝은 틀린 끝 세 개와 겨뤄요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/streaming.py" />
   <location filename="../../finetune_studio/engine/tuned.py" />
   <source>The base model is not the one that this run was trained on.</source>
   <translation>사전학습 모델이 이 실행을 학습할 때 쓴 것과 달라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/merge.py" />
   <source>The base model is quantised in a way that cannot be undone.</source>
   <translation>사전학습 모델이 되돌릴 수 없는 방식으로 양자화되어 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/served.py" />
   <source>The base model of this GGUF adapter is not beside it.</source>
   <translation>이 GGUF 어댑터의 사전학습 모델이 곁에 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/chat.py" />
   <source>The base model's head for them is new and untrained.</source>
   <translation>사전학습 모델에 라벨용으로 붙은 출력층은 새것이고 학습되지 않았어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/guardian.py" />
   <source>The base model's licence is not known: find out what it allows.</source>
   <translation>사전학습 모델의 라이선스를 알 수 없어요. 무엇을 허락하는지 알아보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>The base model's licence. It goes into the model card, and what it forbids stops an upload.</source>
   <translation>사전학습 모델의 라이선스예요. 모델 카드에 실리고, 금지된 일이면 올리기를 막아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/result.py" />
   <source>The best checkpoint does not fit the model.</source>
   <translation>가장 좋은 체크포인트가 이 모델과 맞지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/train.py" />
   <source>The best checkpoint, {name}, is damaged: the last weights are kept.</source>
   <translation>가장 좋은 체크포인트 {name}이(가) 손상되어 마지막 가중치를 남겼어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/supervision.py" />
   <source>The chat template cannot render a question with its answer.</source>
   <translation>대화 템플릿이 질문과 답을 그려 내지 못해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/learned.py" />
   <source>The chat template has no place for a system message: it is lost, or refused.</source>
   <translation>대화 템플릿에 시스템 메시지 자리가 없어서 사라지거나 거부돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/verdict.py" />
   <source>The chat template makes another prompt of the same conversation.</source>
   <translation>같은 대화인데 대화 템플릿이 다른 프롬프트를 만들어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/app.py" />
   <source>The chat template refuses these messages: {why}</source>
   <translation>대화 템플릿이 이 메시지를 받아들이지 않아요: {why}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>The chosen task cannot learn from rows that are laid out like this.</source>
   <translation>고른 학습 유형은 이런 형식의 행에서 배울 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/shapes.py" />
   <source>The column “{column}” holds lists or objects of an unknown kind.</source>
   <translation>‘{column}’ 열에 모르는 종류의 목록이나 객체가 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/shapes.py" />
   <source>The column “{column}” holds text.</source>
   <translation>‘{column}’ 열에 글이 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/shapes.py" />
   <source>The column “{column}” holds texts in turn, the person's first.</source>
   <translation>‘{column}’ 열에 사람부터 번갈아 쓴 글이 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/shapes.py" />
   <source>The column “{column}” holds turns with “{role}” and “{content}”.</source>
   <translation>‘{column}’ 열에 ‘{role}’과(와) ‘{content}’(으)로 된 대화가 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>The column “{name}” cannot be kept beside the rows.</source>
   <translation>‘{name}’ 열은 행 옆에 둘 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/shapes.py" />
   <source>The columns are named so: {names}.</source>
   <translation>열 이름으로 알아봤어요: {names}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <location filename="../../finetune_studio/data/split.py" />
   <source>The columns are {names}.</source>
   <translation>열은 {names}이에요(예요).</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The computer ran out of main memory.</source>
   <translation>컴퓨터의 메모리가 모자랐어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The computer was switched off or restarted while it trained.</source>
   <translation>학습하는 동안 컴퓨터가 꺼지거나 다시 시작됐어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>The connection to the Hub broke.</source>
   <translation>Hub와의 연결이 끊겼어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>The conversion to GGUF failed.</source>
   <translation>GGUF로 바꾸지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/supervision.py" />
   <source>The data has only one label, {name}.</source>
   <translation>데이터에 레이블이 {name} 하나뿐이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>The data has {rows:,} rows, numbered from 0.</source>
   <translation>데이터에는 0번부터 세어 {rows:,}행이 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/guardian.py" />
   <source>The data's licence is not known; say it before you publish or sell the result.</source>
   <translation>데이터 라이선스가 입력되지 않았어요. 결과를 공개하거나 판매하기 전에 입력해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>The disk became full.</source>
   <translation>디스크가 가득 찼어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/download.py" />
   <location filename="../../finetune_studio/setup/training.py" />
   <source>The disk has too little room.</source>
   <translation>디스크에 공간이 모자라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The disk is full.</source>
   <translation>디스크가 가득 찼어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/download.py" />
   <source>The download was cancelled.</source>
   <translation>내려받기를 그만뒀어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>The dry run ended without an answer.</source>
   <translation>시험 실행이 답 없이 끝났어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>The embedded demo and models up to about {size} can be trained on the processor ({cores} cores); larger ones need a GPU.</source>
   <translation>프로세서({cores}코어)로는 내장 데모와 {size} 정도까지의 모델을 학습할 수 있어요. 더 큰 모델에는 GPU가 필요해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/resolve.py" />
   <source>The embedded model is missing from this installation.</source>
   <translation>설치본에 내장 모델이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/child.py" />
   <source>The engine ended without an answer.</source>
   <translation>엔진이 대답 없이 끝났어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/process.py" />
   <source>The engine failed.</source>
   <translation>엔진이 실패했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/result.py" />
   <source>The evaluation of this run cannot be read.</source>
   <translation>이 실행의 평가 결과를 읽을 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/export.py" />
   <source>The export could not be loaded again.</source>
   <translation>내보낸 모델을 다시 읽지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/demo.py" />
   <source>The export failed.</source>
   <translation>내보내기에 실패했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/formats.py" />
   <source>The export {format} failed; trainer.log says why.</source>
   <translation>{format} 내보내기에 실패했어요. 까닭은 trainer.log에 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/formats.py" />
   <source>The export {format} is {kl:.2g} nats away from what was trained.</source>
   <translation>내보낸 {format}이(가) 학습한 모델과 {kl:.2g} nat만큼 달라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>The feed-forward part of a layer, the widest there is, is computed some thousand tokens at a time, and again in the backward pass. auto: on from 16,384 tokens a batch.</source>
   <translation>층에서 가장 넓은 피드포워드 부분을 몇천 토큰씩 나누어 계산하고, 역전파 때 다시 계산해요. auto: 한 배치가 16,384토큰 이상이면 켜져요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/sources.py" />
   <source>The files do not hold the same kind of rows.</source>
   <translation>파일마다 행의 종류가 달라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/fixes.py" />
   <source>The fix {code} has a setting that cannot be.</source>
   <translation>고침 {code}의 설정 값이 맞지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/fixes.py" />
   <source>The fix {code} has no setting “{name}”.</source>
   <translation>고침 {code}에는 ‘{name}’ 설정이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/dataset.py" />
   <source>The fix {code} mended {changed} rows and left {left_out} rows out.</source>
   <translation>고치기 {code}: {changed}행을 고치고 {left_out}행을 뺐어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/fixes.py" />
   <source>The fixes are {names}.</source>
   <translation>고침은 {names}이에요(예요).</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/usable.py" />
   <source>The fixes leave none of the {count} rows.</source>
   <translation>고침을 하면 {count}행 가운데 남는 행이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>The folder cannot be written to.</source>
   <translation>이 폴더에는 쓸 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>The folder for downloaded models cannot be written.</source>
   <translation>내려받은 모델을 둘 폴더에 쓸 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/bundle.py" />
   <source>The folder holds something else.</source>
   <translation>폴더에 다른 것이 들어 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>The folder “{name}” holds no file that can be read.</source>
   <translation>‘{name}’ 폴더에 읽을 수 있는 파일이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/resolve.py" />
   <source>The folder “{path}” does not exist.</source>
   <translation>‘{path}’ 폴더가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>The free space of the disk cannot be read.</source>
   <translation>디스크의 여유 공간을 알 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/callback.py" />
   <source>The gradient is no longer a number.</source>
   <translation>그래디언트가 더는 숫자가 아니에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>The hash of {name} differs.</source>
   <translation>{name}의 해시가 달라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>The ids come back to another text: the tokenizer changes what it reads.</source>
   <translation>id를 되돌리면 다른 글이 나와요. 토크나이저가 읽은 글을 바꿔요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>The ids come back to the same text.</source>
   <translation>토큰을 다시 디코딩하면 원문과 같아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/resolve.py" />
   <source>The index tells no hash of {name}.</source>
   <translation>저장소가 {name}의 해시를 알려 주지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/training.py" />
   <source>The installed program is gone.</source>
   <translation>설치된 프로그램이 없어졌어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>The label “{label}” is learned.</source>
   <translation>레이블 “{label}” 값을 배워요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/wording.py" />
   <source>The label “{most}” has {times} times as many rows as “{least}” ({fewest}). The fix leaves {count} rows of the common labels out.</source>
   <translation>레이블 ‘{most}’의 행이 ‘{least}’({fewest}행)의 {times}배예요. 고치면 많은 레이블에서 {count}행을 빼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>The labels in their order; left empty, they are read from the data and sorted.</source>
   <translation>레이블의 순서예요. 비워 두면 데이터에서 읽어 가나다순으로 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The last lines of trainer.log say more.</source>
   <translation>trainer.log의 마지막 줄을 보면 더 알 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The last lines of trainer.log say more; resume from the last checkpoint.</source>
   <translation>trainer.log의 마지막 줄을 보면 더 알 수 있어요. 마지막 체크포인트에서 이어서 하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>The libraries that the window needs are there.</source>
   <translation>창에 필요한 라이브러리가 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/publish.py" />
   <source>The licences do not allow this upload.</source>
   <translation>라이선스 때문에 올릴 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/verdict.py" />
   <source>The likeliest next token is another one at {share:.1%} of all places.</source>
   <translation>{share:.1%}의 자리에서 가장 유력한 다음 토큰이 달라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/search.py" />
   <source>The list of models</source>
   <translation>모델 목록</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/metrics.py" />
   <source>The longest common sequence of words with the reference; each Hangul syllable is a word.</source>
   <translation>기준 답변과 순서대로 겹치는 가장 긴 낱말열이에요. 한글은 음절 하나를 낱말로 쳐요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/lengths.py" />
   <source>The longest row has {longest:,} tokens, so that nothing is cut at {length:,}.</source>
   <translation>가장 긴 행이 {longest:,}토큰이라 {length:,}에서는 잘리는 것이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>The loss is as it was: the difference may be chance.</source>
   <translation>손실은 그대로예요. 차이가 우연일 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>The loss is made a few tokens at a time, only where something is learned, so that the logits of a whole batch are never kept. auto: on for every model it is proven for.</source>
   <translation>손실을 배우는 토큰에서만 조금씩 나눠 구해서, 배치 전체의 로짓을 들고 있지 않아요. auto: 결과가 같다고 확인된 모델에서 켜요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/callback.py" />
   <source>The loss is no longer a number.</source>
   <translation>손실이 더는 숫자가 아니에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>The memory plan is that of this program's own layers; measure Unsloth's.</source>
   <translation>메모리 계획은 이 프로그램의 레이어로 계산한 것이에요. Unsloth의 메모리는 직접 재 보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/app.py" />
   <source>The model failed.</source>
   <translation>모델이 답하지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>The model has no tokenizer.</source>
   <translation>모델에 토크나이저가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>The model has no weights.</source>
   <translation>모델에 가중치가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/loading.py" />
   <source>The model in {folder} could not be loaded.</source>
   <translation>{folder} 폴더의 모델을 읽지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/loading.py" />
   <source>The model in “{folder}” has no tokenizer.json.</source>
   <translation>‘{folder}’의 모델에 tokenizer.json이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>The model is incomplete.</source>
   <translation>모델이 다 있지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/lengths.py" />
   <source>The model reads at most {limit:,} tokens; {cut:,} rows are cut.</source>
   <translation>모델은 최대 {limit:,} 토큰을 읽어요. {cut:,}행이 잘려요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/configuration.py" />
   <source>The model's configuration cannot be read.</source>
   <translation>모델의 설정을 읽을 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>The model's own is what it was made with; a model without one takes a bundled one: ChatML, plain or Alpaca.</source>
   <translation>모델의 것은 모델이 만들어질 때 쓴 템플릿이에요. 그런 템플릿이 없는 모델은 함께 들어 있는 ChatML, 기본, Alpaca 가운데 하나를 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/ollama.py" />
   <source>The model's template cuts blanks at the ends of a message; Ollama's cannot.</source>
   <translation>모델의 템플릿은 메시지 앞뒤의 빈칸을 잘라 내지만 Ollama의 템플릿은 그러지 못해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/ollama.py" />
   <source>The model's template takes no system message; Ollama's leaves it out.</source>
   <translation>모델의 템플릿은 시스템 메시지를 받지 않고, Ollama의 템플릿은 그것을 빼고 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/modelfile.py" />
   <source>The model's template writes today's date; here it stays as it was.</source>
   <translation>모델의 템플릿은 오늘 날짜를 쓰지만 여기서는 내보낸 날짜로 남아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>The name of a setting must be text.</source>
   <translation>설정의 이름은 글자여야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>The name on the Hub is empty.</source>
   <translation>Hub에서의 이름이 비어 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>The name “{name}” has no ending that says what is in it.</source>
   <translation>‘{name}’에는 무엇이 들었는지 알려 주는 확장자가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>The network cannot be reached.</source>
   <translation>네트워크에 연결할 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>The network's own words: {words}</source>
   <translation>네트워크가 알린 내용: {words}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/proof.py" />
   <source>The new installation does not compute, and was not put in place.</source>
   <translation>새로 설치한 것이 계산을 못 해서 쓰지 않았어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>The next batches are read and put together while a step computes. auto: on for a GPU.</source>
   <translation>한 스텝을 계산하는 동안 다음 배치를 읽고 묶어 둬요. auto: GPU에서 켜요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/verdict.py" />
   <source>The next token's probabilities moved by {kl:.2g} nats (up to {limit} is usual).</source>
   <translation>다음 토큰의 확률이 {kl:.2g}nat 달라졌어요({limit}까지는 흔해요).</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>The number has too many digits.</source>
   <translation>수의 자릿수가 너무 많아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/verdict.py" />
   <source>The perplexity on rows it never learned is {ratio:.2f} times the trained one's.</source>
   <translation>배우지 않은 행의 perplexity가 학습한 모델의 {ratio:.2f}배예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/architecture.py" />
   <source>The plan does not know this kind of model.</source>
   <translation>이 종류의 모델은 계획을 세울 줄 몰라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/preferences.py" />
   <source>The preferences cannot be read ({why}); the usual ones are in use.</source>
   <translation>환경 설정을 읽을 수 없어서({why}) 기본값을 쓰고 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/preferences.py" />
   <source>The preferences were broken; the usual ones are in use. The old file is {path}.</source>
   <translation>환경 설정이 깨져서 기본값을 쓰고 있어요. 예전 파일은 {path}에 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>The program failed.</source>
   <translation>프로그램이 실패했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/uv.py" />
   <source>The program that installs packages (uv) cannot be run.</source>
   <translation>패키지를 설치하는 프로그램(uv)을 실행할 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/uv.py" />
   <source>The program that installs packages (uv) is missing.</source>
   <translation>패키지를 설치하는 프로그램(uv)이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/app.py" />
   <source>The prompt has {count} tokens; the model holds {most} with its answer.</source>
   <translation>프롬프트가 {count}토큰이에요. 이 모델은 답까지 합쳐 {most}토큰을 다뤄요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>The proxy asks for a name and a password.</source>
   <translation>프록시에 이름과 암호가 필요해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/usable.py" />
   <source>The reason: {why}.</source>
   <translation>{why}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/session.py" />
   <source>The recipe could not be saved.</source>
   <translation>레시피를 저장하지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/licensing.py" />
   <source>The recipe says {said}, but its maker states {stated}.</source>
   <translation>레시피에는 {said}인데 만든이는 {stated}(이)라고 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/app.py" />
   <source>The request is not JSON.</source>
   <translation>요청이 JSON이 아니에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/limits.py" />
   <source>The row at line {line} is longer than {size} million characters.</source>
   <translation>{line}번째 줄의 행이 {size}백만 글자보다 길어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>The row is not trained on: {why}.</source>
   <translation>이 행은 학습하지 않아요: {why}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/table.py" />
   <source>The row that starts at line {line}: {why}.</source>
   <translation>{line}번째 줄에서 시작하는 행: {why}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/arrow.py" />
   <source>The rows could not be written to the cache.</source>
   <translation>행을 캐시에 쓰지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>The rows of a batch are laid end to end in one line, where they do not see each other, instead of being filled up to the longest. auto: on where the attention needs no mask.</source>
   <translation>배치의 행들을 가장 긴 행에 맞춰 채우는 대신 한 줄로 이어 붙여요. 행끼리는 서로 보지 못해요. auto: 어텐션에 마스크가 필요 없는 곳에서 켜요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/sources.py" />
   <source>The rows of “{name}” name no value.</source>
   <translation>‘{name}’의 행에 값의 이름이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/training.py" />
   <source>The run can no longer be read.</source>
   <translation>이 실행을 더는 읽을 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/process.py" />
   <source>The run has no recipe.</source>
   <translation>이 실행에는 레시피가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/about.py" />
   <source>The run has other weights than the export was made from.</source>
   <translation>실행의 가중치가 내보낼 때와 달라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/demo.py" />
   <location filename="../../finetune_studio/commands/train.py" />
   <source>The run is in {path}.</source>
   <translation>실행은 {path} 폴더에 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/about.py" />
   <source>The run that this export came from is not known here.</source>
   <translation>이 내보내기가 어느 실행에서 나왔는지 이 컴퓨터에서는 알 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/folder.py" />
   <source>The run's folder cannot be made.</source>
   <translation>실행 폴더를 만들 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/folder.py" />
   <source>The run's folder is gone.</source>
   <translation>실행 폴더가 사라졌어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>The same recipe with the same seed gives the same losses.</source>
   <translation>레시피와 시드가 같으면 손실도 같아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/verdict.py" />
   <source>The same text becomes other tokens than in training.</source>
   <translation>같은 글이 학습 때와 다른 토큰이 돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>The secure connection failed because of the time.</source>
   <translation>시간이 맞지 않아서 안전한 연결을 하지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/app.py" />
   <source>The server is ending.</source>
   <translation>서버가 끝나는 중이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>The server's certificate is not trusted.</source>
   <translation>서버의 인증서를 믿을 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>The server's certificate is not valid at the time that this computer shows.</source>
   <translation>이 컴퓨터의 시간으로는 서버의 인증서가 유효하지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>The set-up failed.</source>
   <translation>설치하지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/training.py" />
   <source>The set-up needs {need:.1f} GB on this disk, and {free:.1f} GB are free.</source>
   <translation>이 디스크에 {need:.1f} GB가 필요한데 {free:.1f} GB가 비어 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/training.py" />
   <location filename="../../finetune_studio/setup/uv.py" />
   <source>The set-up was cancelled.</source>
   <translation>설치를 취소했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>The setting {path} does not take {value}.</source>
   <translation>{path} 설정에 쓸 수 없는 값이에요: {value}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>The setting {path} is missing.</source>
   <translation>{path} 설정이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/speaking.py" />
   <source>The settings of the answer are beyond what there is.</source>
   <translation>답변 설정이 쓸 수 있는 범위를 벗어났어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/speaking.py" />
   <source>The settings of the answer cannot be read.</source>
   <translation>답변 설정을 읽을 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>The shape {shape} has no role “{role}”.</source>
   <translation>{shape} 형식에는 ‘{role}’ 역할이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>The shape {to} has no place for answers that are not to be learned.</source>
   <translation>{to} 형식에는 배우지 않을 답의 자리가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/layout.py" />
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>The shapes are {names}.</source>
   <translation>형식은 {names}이에요(예요).</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>The share of adapter inputs dropped in training; 0.05 to 0.1 helps on few rows.</source>
   <translation>학습할 때 어댑터 입력을 버리는 비율이에요. 행이 적으면 5~10 %가 도움이 돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/metrics.py" />
   <source>The share of answers that are the reference, blanks aside.</source>
   <translation>빈칸을 빼고 기준 답변과 똑같은 답변의 비율이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>The share of rows that is measured on and never learned. 5 to 10 % is usual; without it nobody can tell learning from learning by heart.</source>
   <translation>학습에 쓰지 않고 평가에만 쓰는 행의 비율이에요. 보통 5~10 %예요. 없으면 배운 것인지 외운 것인지 알 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/metrics.py" />
   <source>The share of rows with the right label.</source>
   <translation>라벨을 맞힌 행의 비율이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>The share of steps over which the learning rate rises from 0; 1 to 5 % is usual.</source>
   <translation>학습률을 0부터 올리는 스텝의 비율이에요. 보통 1~5 %예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/metrics.py" />
   <source>The share of tokens that were its first guess.</source>
   <translation>모델의 첫 번째 예측이 맞은 토큰의 비율이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/workbook.py" />
   <source>The sheet “{sheet}” of “{name}” has one line alone.</source>
   <translation>‘{name}’의 ‘{sheet}’ 시트에 줄이 하나뿐이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/serve.py" />
   <source>The system keeps this port for itself.</source>
   <translation>이 포트는 시스템이 쓰도록 막아 두었어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The system killed the trainer (signal 9), probably because main memory ran out.</source>
   <translation>시스템이 학습기를 강제로 끝냈어요(신호 9). 메모리가 모자랐던 것 같아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/ollama.py" />
   <source>The system prompt contains three quotes, which end it.</source>
   <translation>시스템 프롬프트에 따옴표 세 개가 이어져 있어 거기서 끝나 버려요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <location filename="../../finetune_studio/engine/process.py" />
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>The system refused a file operation.</source>
   <translation>시스템이 파일 작업을 거부했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>The task {task} cannot learn from rows of the shape {shape}.</source>
   <translation>{task} 유형은 {shape} 형식의 행에서 배울 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/learned.py" />
   <source>The template asks for an answer otherwise than it shows one: what is learned follows other tokens than it will in use.</source>
   <translation>템플릿이 답을 청하는 꼴과 보여 주는 꼴이 달라서, 쓸 때와 다른 토큰 뒤에서 배우게 돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/ollama.py" />
   <source>The template changes a question when an answer is to follow.</source>
   <translation>답이 이어질 때 템플릿이 질문을 바꿔 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/ollama.py" />
   <source>The template contains three quotes, which end a TEMPLATE.</source>
   <translation>템플릿에 따옴표 세 개가 이어져 있어 TEMPLATE이 거기서 끝나 버려요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/ollama.py" />
   <source>The template does not write a message's text as it is.</source>
   <translation>템플릿이 메시지의 글을 그대로 쓰지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/ollama.py" />
   <source>The template refuses plain conversations: {why}</source>
   <translation>템플릿이 평범한 대화도 받지 않아요: {why}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/ollama.py" />
   <source>The template writes a message otherwise when others follow.</source>
   <translation>뒤에 다른 메시지가 오면 템플릿이 메시지를 다르게 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>The text goes on over {count:,} sequences.</source>
   <translation>이 글은 시퀀스 {count:,}개에 걸쳐 이어져요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/preview.py" />
   <source>The text holds half a character at position {place}.</source>
   <translation>{place}번째 자리에 깨진 글자가 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/access.py" />
   <source>The token could not be kept.</source>
   <translation>토큰을 저장하지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>The token kept here is gone; HF_TOKEN is still set.</source>
   <translation>여기 보관한 토큰은 지웠지만 HF_TOKEN이 아직 설정돼 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/loading.py" />
   <source>The tokenizer in “{folder}” cannot be read.</source>
   <translation>‘{folder}’의 토크나이저를 읽을 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/stopping.py" />
   <source>The trainer cannot be ended from here.</source>
   <translation>여기서는 학습기를 끝낼 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/claim.py" />
   <location filename="../../finetune_studio/runs/process.py" />
   <source>The trainer cannot be started.</source>
   <translation>학습기를 시작할 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/watch.py" />
   <source>The trainer could not be told.</source>
   <translation>학습기에 전하지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The trainer crashed ({signal}).</source>
   <translation>학습기가 비정상 종료됐어요({signal}).</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/target.py" />
   <source>The trainer does not run on {name}.</source>
   <translation>학습기는 {name}에서 돌지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The trainer ended with exit code {code}.</source>
   <translation>학습기가 끝났어요. 종료 코드는 {code}이에요(예요).</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The trainer ended without saying how the training went.</source>
   <translation>학습기가 결과를 알리지 않고 끝났어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>The trainer is no longer running, and nobody saw how it ended.</source>
   <translation>학습기가 더는 돌지 않는데, 어떻게 끝났는지 알 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <source>The upload ended without an answer.</source>
   <translation>업로드가 아무 답 없이 끝났어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>The upload stands still.</source>
   <translation>업로드가 멈춰 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>The value is not of the kind that this setting takes.</source>
   <translation>이 설정이 받는 종류의 값이 아니에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>The weights are in an unsafe format.</source>
   <translation>가중치가 안전하지 않은 형식이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>The width of the adapter: more can be learned with more, and more overfitted. 8 to 64 is usual.</source>
   <translation>어댑터의 너비예요. 클수록 많이 배우고, 그만큼 과적합하기도 쉬워요. 보통 8~64예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/gui.py" />
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>The window cannot open: {names} is missing.</source>
   <translation>창을 열 수 없어요: {names}이(가) 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/gui.py" />
   <source>The window's libraries are not installed.</source>
   <translation>창에 필요한 라이브러리가 설치되어 있지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/apart.py" />
   <source>The work on the data ended before its time.</source>
   <translation>데이터 작업이 도중에 끝났어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>There are no runs yet in {path}.</source>
   <translation>{path} 폴더에 아직 실행이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/contents.py" />
   <source>There are no weights to upload.</source>
   <translation>올릴 가중치가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/served.py" />
   <source>There are several GGUF files.</source>
   <translation>GGUF 파일이 여러 개예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>There is an NVIDIA GPU, but its driver does not run.</source>
   <translation>NVIDIA GPU가 있지만 드라이버가 돌지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/life.py" />
   <source>There is an environment in this folder already.</source>
   <translation>이 폴더에는 이미 설치된 환경이 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/programs.py" />
   <source>There is no Python environment at {path}.</source>
   <translation>{path}에 Python 환경이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/templates.py" />
   <source>There is no chat template “{name}”.</source>
   <translation>대화 템플릿 ‘{name}’이(가) 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/split.py" />
   <source>There is no column “{name}” to keep rows together by.</source>
   <translation>행을 묶을 ‘{name}’ 열이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>There is no column “{name}”.</source>
   <translation>‘{name}’ 열이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>There is no dataset “{name}” that you may read.</source>
   <translation>읽을 수 있는 ‘{name}’ 데이터셋이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/evaluate.py" />
   <source>There is no file {path}.</source>
   <translation>{path} 파일이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>There is no file “{name}”.</source>
   <translation>‘{name}’ 파일이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/fixes.py" />
   <source>There is no fix “{code}”.</source>
   <translation>‘{code}’(이)라는 고침은 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/evaluate.py" />
   <source>There is no folder {path} for the report.</source>
   <translation>보고서를 둘 {path} 폴더가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/history.py" />
   <source>There is no folder {path}.</source>
   <translation>{path} 폴더가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/training.py" />
   <source>There is no folder “wheels” in {path}.</source>
   <translation>{path}에 “wheels” 폴더가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/writing.py" />
   <source>There is no folder “{name}”.</source>
   <translation>‘{name}’ 폴더가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>There is no model {model}, neither as a folder here nor on the Hub.</source>
   <translation>{model} 모델이 여기 폴더에도 Hub에도 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/app.py" />
   <source>There is no model “{name}” here, only “{own}”.</source>
   <translation>“{name}” 모델은 없고 “{own}”만 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/formats.py" />
   <source>There is no quantisation “{name}”.</source>
   <translation>“{name}”이라는 양자화는 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/gui.py" />
   <source>There is no recipe and no run at {path}.</source>
   <translation>{path} 경로에는 레시피도 실행도 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>There is no recipe at {path}.</source>
   <translation>{path}에 레시피가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>There is no row {number}.</source>
   <translation>{number}번 행이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/gui.py" />
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>There is no screen here, so the window cannot open; the command line works.</source>
   <translation>화면이 없어서 창을 열 수 없어요. 명령줄은 돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/refusing.py" />
   <source>There is no setting {path}.</source>
   <translation>{path}라는 설정은 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/layout.py" />
   <location filename="../../finetune_studio/data/mapping.py" />
   <source>There is no shape “{shape}”.</source>
   <translation>‘{shape}’ 형식은 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/served.py" />
   <source>There is no such GGUF file.</source>
   <translation>그런 GGUF 파일이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>There is no such folder.</source>
   <translation>그런 폴더가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>There is no token for the Hub.</source>
   <translation>Hub 토큰이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/app.py" />
   <source>There is no {method} {path} here.</source>
   <translation>{method} {path}은(는) 없는 주소예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>There is nobody here to ask.</source>
   <translation>여기에는 물어볼 사람이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/files.py" />
   <source>There is not enough room on the disk.</source>
   <translation>디스크 공간이 부족해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chat.py" />
   <source>There is nothing to ask.</source>
   <translation>물어볼 말이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/folder.py" />
   <source>There is something in this place already.</source>
   <translation>이 자리에 이미 다른 것이 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/layouts.py" />
   <location filename="../../finetune_studio/data/workbook.py" />
   <source>They are {names}.</source>
   <translation>{names}이에요(예요).</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/encoding.py" />
   <source>They hold no rows: choose a table or text, such as CSV, JSONL or XLSX.</source>
   <translation>행이 들어 있지 않은 파일이에요. CSV, JSONL, XLSX 같은 표나 텍스트 파일을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>They hold one answer, and none that is worse.</source>
   <translation>답이 하나뿐이고 더 못한 답이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/device.py" />
   <source>They need compute capability 8.9, such as an RTX 40 or H100.</source>
   <translation>RTX 40이나 H100처럼 연산 능력이 8.9 이상이어야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/device.py" />
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>This GPU does not compute in 8-bit floats.</source>
   <translation>이 GPU는 8비트 실수로 계산하지 못해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/device.py" />
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>This GPU does not compute in bf16.</source>
   <translation>이 GPU는 bf16으로 계산하지 못해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <location filename="../../finetune_studio/setup/training.py" />
   <source>This copy of the program was not put here by its installer.</source>
   <translation>이 프로그램은 설치 파일로 설치한 것이 아니에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>This folder holds no model.</source>
   <translation>이 폴더에는 모델이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/training.py" />
   <source>This folder is no offline bundle.</source>
   <translation>이 폴더는 오프라인 묶음이 아니에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>This is a file, not a model folder.</source>
   <translation>모델 폴더가 아니라 파일이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/bundle.py" />
   <source>This is a file.</source>
   <translation>폴더가 아니라 파일이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/deleting.py" />
   <source>This is a link to a run, not the run.</source>
   <translation>실행이 아니라 실행을 가리키는 링크예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>This is an adapter, not a model.</source>
   <translation>모델이 아니라 어댑터예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/served.py" />
   <source>This is neither a run nor an export of this program.</source>
   <translation>이 프로그램의 실행도 내보낸 폴더도 아니에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>This is no language model.</source>
   <translation>언어 모델이 아니에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/access.py" />
   <source>This is no token.</source>
   <translation>토큰이 아니에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/folder.py" />
   <source>This is not a run, or its run.json is broken.</source>
   <translation>실행 폴더가 아니거나 run.json이 깨졌어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/about.py" />
   <source>This is not an export of this program, or its studio.json is broken.</source>
   <translation>이 프로그램이 내보낸 폴더가 아니거나 studio.json이 깨졌어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/serve.py" />
   <source>This key cannot be sent: HTTP takes letters of ASCII there.</source>
   <translation>이 키는 보낼 수 없어요. HTTP에서는 ASCII 문자만 쓸 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>This kind of model is unknown.</source>
   <translation>모르는 종류의 모델이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/streaming.py" />
   <source>This model does not fit into fp16.</source>
   <translation>이 모델은 fp16에 담기지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>This model does not write text.</source>
   <translation>이 모델은 글을 쓰지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/supervision.py" />
   <source>This model has no chat template.</source>
   <translation>이 모델에는 대화 템플릿이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/app.py" />
   <source>This model has no chat template; ask it at /v1/completions.</source>
   <translation>이 모델에는 대화 템플릿이 없어요. /v1/completions로 물어보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/preflight.py" />
   <source>This model has no chat template; {name} suits its tokenizer.</source>
   <translation>이 모델에는 대화 템플릿이 없어요. {name}이(가) 토크나이저에 맞아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/adapters.py" />
   <location filename="../../finetune_studio/hardware/adapters.py" />
   <source>This model has no layer called {word}.</source>
   <translation>이 모델에는 {word}(이)라는 층이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <location filename="../../finetune_studio/engine/tuned.py" />
   <source>This model needs to run its own code.</source>
   <translation>이 모델은 자체 코드를 실행해야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/session.py" />
   <source>This recipe has no file yet.</source>
   <translation>이 레시피는 아직 파일이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>This recipe is from a newer version of Finetune Studio.</source>
   <translation>더 새로운 Finetune Studio에서 만든 레시피예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/chat.py" />
   <source>This run classifies: its base model has no labels to compare with.</source>
   <translation>이 실행은 분류라서, 견줄 라벨이 사전학습 모델에 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/train.py" />
   <source>This run has done all its {steps} steps.</source>
   <translation>이 실행은 {steps}스텝을 모두 마쳤어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/tuned.py" />
   <location filename="../../finetune_studio/export/about.py" />
   <location filename="../../finetune_studio/export/publish.py" />
   <location filename="../../finetune_studio/export/server/served.py" />
   <source>This run has no result yet.</source>
   <translation>이 실행에는 아직 결과가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/deleting.py" />
   <source>This run is running.</source>
   <translation>이 실행은 돌고 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/claim.py" />
   <source>This run is training already.</source>
   <translation>이 실행은 이미 학습하고 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/held_out.py" />
   <source>This run kept no rows aside to measure on.</source>
   <translation>이 실행에는 재려고 떼어 둔 행이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/following.py" />
   <source>This run was never started.</source>
   <translation>아직 시작한 적이 없는 실행이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/app.py" />
   <source>This server has no “{name}”.</source>
   <translation>이 서버는 “{name}”을(를) 지원하지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/guard.py" />
   <source>This server is called by a loopback name alone.</source>
   <translation>이 서버는 localhost 같은 이 컴퓨터의 이름으로만 부를 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>This token belongs to {name}.</source>
   <translation>이 토큰은 {name} 계정의 것이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>This token may only read.</source>
   <translation>이 토큰은 읽기만 할 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>This user may not talk to the NVIDIA driver.</source>
   <translation>이 사용자는 NVIDIA 드라이버를 쓸 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>This version brings newer libraries: finetune-studio setup repair</source>
   <translation>이 버전에는 더 새로운 라이브러리가 있어요: finetune-studio setup repair</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/metrics.py" />
   <source>Token accuracy</source>
   <translation>토큰 정확도</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/speaking.py" />
   <source>Tokens start at 1, the seed at 0; temperature ends at 5, top-p at 1.</source>
   <translation>토큰은 1부터, 시드는 0부터예요. 온도는 5까지, top-p는 1까지예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/app.py" />
   <source>Too many requests wait already; try again later.</source>
   <translation>기다리는 요청이 너무 많아요. 잠시 뒤 다시 해 보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>Too many requests were made to the Hub.</source>
   <translation>Hub에 요청을 너무 많이 보냈어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/result.py" />
   <source>Train again; the run's other checkpoints are as they were.</source>
   <translation>다시 학습하세요. 이 실행의 다른 체크포인트는 그대로 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>Training finished.</source>
   <translation>학습이 끝났어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/guide.py" />
   <source>Training here needs an NVIDIA GPU; on a Mac models are run, not trained.</source>
   <translation>여기서 학습하려면 NVIDIA GPU가 필요해요. Mac에서는 모델을 실행만 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/programs.py" />
   <location filename="../../finetune_studio/setup/life.py" />
   <source>Training is not set up yet.</source>
   <translation>아직 학습할 준비가 되지 않았어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>Training is not set up yet: finetune-studio setup install</source>
   <translation>학습할 준비가 아직 안 됐어요: finetune-studio setup install</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>Training is set up in {path}.</source>
   <translation>{path}에 학습할 준비가 됐어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>Training runs in the Python that this program runs in.</source>
   <translation>이 프로그램과 같은 Python으로 학습해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>Training stopped early: the validation loss no longer fell.</source>
   <translation>검증 손실이 더 내려가지 않아 조기 종료했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>Training was ended by force, for it did not react to the request to stop.</source>
   <translation>멈추라는 요청에 답이 없어 강제로 끝냈어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>Training was interrupted ({signal}).</source>
   <translation>학습이 중단됐어요({signal}).</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>Training was set up again.</source>
   <translation>학습에 필요한 것을 다시 설치했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/runs/outcome.py" />
   <source>Training was stopped at step {step}.</source>
   <translation>{step}스텝에서 학습을 멈췄어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Trains the size and the direction of each weight apart. Often better at small ranks; slower, with some more memory.</source>
   <translation>가중치의 크기와 방향을 따로 배워요. 작은 랭크에서 더 좋을 때가 많지만, 느려지고 메모리도 조금 더 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/encoding.py" />
   <source>Tried UTF-8, UTF-16, cp949 (EUC-KR) and Latin-1.</source>
   <translation>UTF-8, UTF-16, cp949(EUC-KR), Latin-1로 읽어 봤어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/fetch.py" />
   <source>Try again later.</source>
   <translation>나중에 다시 시도해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>Try again later; signing in raises the limit. The download then goes on.</source>
   <translation>나중에 다시 해 보세요. 로그인하면 한도가 늘고, 이어서 내려받아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>Try again; if it happens twice, something on the way changes files.</source>
   <translation>다시 시도해 주세요. 또 그러면 중간에서 무언가가 파일을 바꾸고 있는 거예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>Try again; the log of the set-up says more.</source>
   <translation>다시 시도해 주세요. 자세한 내용은 설치 기록에 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/conversation.py" />
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>Tuned model</source>
   <translation>튜닝한 모델</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/conversation.py" />
   <source>Type a message; an empty line ends the conversation.</source>
   <translation>메시지를 입력하세요. 빈 줄이면 대화가 끝나요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Under which terms your data may be used. It goes into the model card; what it forbids stops an upload.</source>
   <translation>데이터를 어떤 조건으로 쓸 수 있는지예요. 모델 카드에 들어가고, 금지하는 것이 있으면 올리기를 막아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/compression.py" />
   <source>Unpack it yourself if you trust it, and choose the file inside.</source>
   <translation>믿을 수 있다면 직접 풀어서 안의 파일을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/containers.py" />
   <source>Unpack it yourself, and choose the files inside.</source>
   <translation>직접 풀어서 안의 파일을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/compression.py" />
   <source>Unpacking it stopped: {why}.</source>
   <translation>풀다가 멈췄어요: {why}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Unread products left out</source>
   <translation>읽지 않는 곱셈 생략</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>Unset HF_HUB_OFFLINE to download it, or choose a folder on the disk.</source>
   <translation>HF_HUB_OFFLINE을 끄고 내려받거나 디스크의 폴더를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>Unset HF_HUB_OFFLINE to fetch it, or bring the dataset as files.</source>
   <translation>HF_HUB_OFFLINE을 풀고 받거나 데이터셋을 파일로 가져오세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>Unset HF_HUB_OFFLINE to upload.</source>
   <translation>올리려면 HF_HUB_OFFLINE 설정을 없애세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/by_unsloth.py" />
   <source>Unsloth does not take this model.</source>
   <translation>Unsloth가 이 모델을 받지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>Unsloth does not train this here: {what}.</source>
   <translation>여기서는 Unsloth로 이것을 학습하지 않아요: {what}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/by_unsloth.py" />
   <source>Unsloth is not installed where training runs.</source>
   <translation>학습하는 환경에 Unsloth가 설치되어 있지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/by_unsloth.py" />
   <source>Unsloth trains on one GPU here.</source>
   <translation>여기서 Unsloth는 GPU 한 개로 학습해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>Update Finetune Studio, or write the recipe again.</source>
   <translation>Finetune Studio를 업데이트하거나 레시피를 다시 써 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/proof.py" />
   <source>Update the NVIDIA driver and restart, or choose another build of PyTorch.</source>
   <translation>NVIDIA 드라이버를 업데이트하고 컴퓨터를 다시 시작하거나, 다른 PyTorch 빌드를 골라 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_build.py" />
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>Update the NVIDIA driver to {version} or newer.</source>
   <translation>NVIDIA 드라이버를 {version} 이상으로 올리세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>Update the training part, or choose another model.</source>
   <translation>학습 구성요소를 새로 설치하거나 다른 모델을 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>Upload again later; it goes on with what is missing.</source>
   <translation>나중에 다시 올리세요. 남은 것만 이어서 올라가요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>Upload again; if it stays, switch on “Slower, for networks that block the fast way”.</source>
   <translation>다시 올려 보고, 그래도 안 되면 “더 느린 방식 (빠른 방식이 막힌 네트워크용)”을 켜세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>Upload again; if it stays, use --compatible.</source>
   <translation>다시 올려 보고, 그대로면 --compatible을 쓰세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <source>Upload again; it goes on with what is missing.</source>
   <translation>다시 올리세요. 남은 것만 이어서 올라가요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub.py" />
   <source>Uploading</source>
   <translation>올리는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/serve.py" />
   <source>Use Latin letters, digits, - and _.</source>
   <translation>영문자, 숫자, -, _를 쓰세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>Use LoRA or 4-bit QLoRA in fp16, or a newer GPU.</source>
   <translation>fp16으로 LoRA나 4비트 QLoRA를 쓰거나 더 새로운 GPU를 쓰세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>Use a token of the kind “write”, or another name; see {page}.</source>
   <translation>“write” 토큰이나 다른 이름을 쓰세요. {page}에서 확인할 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/resolve.py" />
   <source>Use another package index.</source>
   <translation>다른 패키지 저장소를 써 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>Use letters, digits, - and _.</source>
   <translation>글자, 숫자, -, _를 쓰세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Use only so many rows from the beginning, for a quick try; 0 uses all.</source>
   <translation>빠르게 시험해 볼 때 앞에서부터 이만큼의 행만 써요. 0이면 모두 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>Use {name} as the owner, or sign in with the other account.</source>
   <translation>소유자를 {name}(으)로 하거나 다른 계정으로 로그인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Validation files</source>
   <translation>검증 파일</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/metrics.py" />
   <source>Validation loss</source>
   <translation>검증 손실</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/demo.py" />
   <source>Validation loss {before:.3f} → {after:.3f}: {fall:.0%} lower.</source>
   <translation>검증 손실 {before:.3f} → {after:.3f}: {fall:.0%} 낮아졌어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Validation rows</source>
   <translation>검증 행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Validation share</source>
   <translation>검증 비율</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Vaswani et al. 2017: queries, keys and values of one input</source>
   <translation>Vaswani 외 2017: 한 입력의 쿼리·키·값</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/verdict.py" />
   <source>Verdict: {verdict}.</source>
   <translation>판정: {verdict}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>Virus scanners do this while they look at new files.</source>
   <translation>백신 프로그램이 새 파일을 검사할 때 그래요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/conversation.py" />
   <source>Votes so far: base {base}, tuned {tuned}, neither {tie}.</source>
   <translation>지금까지의 투표: 사전학습 {base}, 튜닝 {tuned}, 비슷함 {tie}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>Wait a moment and try again; close running trainings first.</source>
   <translation>진행 중인 학습을 닫고 잠시 뒤에 다시 시도해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>Wait for its maker's answer, then try again.</source>
   <translation>만든이의 답을 기다린 뒤 다시 해 보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/claim.py" />
   <source>Wait until it is done, or close it.</source>
   <translation>끝날 때까지 기다리거나 그 창을 닫아 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/download.py" />
   <source>Wait until it is done, or end it.</source>
   <translation>끝날 때까지 기다리거나 그만두세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Warm-up</source>
   <translation>워밍업</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Weight decay</source>
   <translation>가중치 감쇠</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/device.py" />
   <source>Weights held in fp16 alone cannot be trained: their gradients vanish unscaled.</source>
   <translation>fp16으로만 들고 있는 가중치는 학습할 수 없어요. 그래디언트를 키우지 못해 사라져 버려요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>Were they really unseen?</source>
   <translation>정말 처음 보는 행인가요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>What gradient checkpointing keeps of each layer waits in the computer's own memory and comes back just before it is needed. auto: on for a GPU where layers compute their activations again.</source>
   <translation>그래디언트 체크포인팅이 층마다 남겨 두는 값을 컴퓨터 메모리에 두었다가 필요하기 직전에 가져와요. auto: GPU에서 층이 활성값을 다시 계산할 때 켜져요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>What is learned</source>
   <translation>손실 계산 대상</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/train.py" />
   <source>What it has learned so far was learned with the old value.</source>
   <translation>지금까지 배운 것은 예전 값으로 배운 거예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>What it knew before</source>
   <translation>기존 지식</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/guardian.py" />
   <source>What the base model's licence ({name}) allows was not confirmed: read it.</source>
   <translation>사전학습 모델의 라이선스({name})가 무엇을 허락하는지 확인되지 않았어요. 읽어 보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>What the run is called in the history.</source>
   <translation>기록에 남을 이름이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/faults.py" />
   <source>What was downloaded so far is kept.</source>
   <translation>지금까지 내려받은 것은 남아 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/speaking.py" />
   <source>What was said is longer than the model can read.</source>
   <translation>나눈 말이 모델이 읽을 수 있는 길이를 넘었어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>What you upload there is public at once.</source>
   <translation>그곳에 올리면 바로 공개돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Where a layer computes its activations again, its last product is left out of the second pass if its gradients never read it, which is tried before the first step. auto: on where adapters are in one product and the layers are not compiled.</source>
   <translation>층이 활성값을 다시 계산할 때, 그래디언트가 읽지 않는 마지막 곱셈은 두 번째 계산에서 빼요. 읽지 않는지는 첫 스텝 전에 시험해 봐요. auto: 어댑터를 한 번의 곱셈으로 계산하고 층을 컴파일하지 않을 때 켜요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Where gradient checkpointing is auto, as many layers as fit keep their activations, and only the others compute them again. auto: on for a GPU; it fills up to 90 % of what is free.</source>
   <translation>그래디언트 체크포인팅이 자동일 때, 들어가는 만큼의 레이어는 활성값을 그대로 두고 나머지만 다시 계산해요. auto: GPU에서 켜고, 남는 메모리의 90%까지 채워요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/first.py" />
   <source>Whether a training is running could not be seen; the trainer keeps its version until a later start.</source>
   <translation>학습이 실행 중인지 알 수 없어서, 학습 프로그램은 다음에 시작할 때까지 지금 버전을 그대로 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Which column plays which role, as role: column; empty takes the suggestion.</source>
   <translation>어느 열이 어떤 역할인지 `역할: 열`로 적어요. 비워 두면 제안을 따라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/conversation.py" />
   <source>Which is better? a, b, or = for neither: </source>
   <translation>어느 쪽이 나은가요? a, b, 비슷하면 =: </translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Which layers get an adapter: all-linear, attention, mlp, or names of layers.</source>
   <translation>어댑터를 달 층이에요: all-linear, attention, mlp, 또는 층 이름.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>Whose layers are trained: this program's own, or Unsloth's where it is installed. Data, curves and results stay the same.</source>
   <translation>누구의 레이어로 학습할지 정해요. 이 프로그램의 것이거나, Unsloth가 설치되어 있으면 Unsloth의 것이에요. 데이터와 그래프와 결과는 그대로예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>Without validation rows, early stopping has nothing to look at.</source>
   <translation>검증 행이 없으면 조기 종료가 볼 것이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/data.py" />
   <source>Write --map role=column, such as --map question=Q.</source>
   <translation>--map question=Q처럼 --map 역할=열로 적어 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>Write hub:owner/name, with :configuration and :split where it has several.</source>
   <translation>hub:owner/name으로 적고, 여럿이면 :configuration과 :split을 붙이세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>Write it as name=value, such as training.learning_rate=1e-4.</source>
   <translation>training.learning_rate=1e-4처럼 이름=값으로 써 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chat.py" />
   <source>Write it behind --prompt; without --prompt it is asked for.</source>
   <translation>--prompt 뒤에 쓰세요. --prompt를 빼면 입력을 기다려요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>Write one with `finetune-studio recipe new`.</source>
   <translation>`finetune-studio recipe new`로 만들 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/preview.py" />
   <source>Write the text anew, or save it as UTF-8.</source>
   <translation>글을 새로 쓰거나 UTF-8로 저장하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/recipe.py" />
   <source>Written to {path}.</source>
   <translation>{path} 파일에 썼어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>`data check` lists the rows that are left out, and why.</source>
   <translation>빠진 행과 그 까닭은 `data check`로 볼 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/disk.py" />
   <source>`finetune-studio models cache` lists them.</source>
   <translation>`finetune-studio models cache`로 볼 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>`{option}` is no setting.</source>
   <translation>설정이 아니에요: `{option}`</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>`{program} --help` says what it takes.</source>
   <translation>`{program} --help`에 쓰는 법이 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/data.py" />
   <source>a .json, .jsonl, .csv or .parquet file</source>
   <translation>.json, .jsonl, .csv, .parquet 파일</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>a GPU such as T4 or RTX 4090</source>
   <translation>T4나 RTX 4090 같은 GPU 이름</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_page.py" />
   <location filename="../../finetune_studio/commands/models.py" />
   <source>a GPU; else this machine's</source>
   <translation>GPU 이름. 없으면 이 컴퓨터의 GPU</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>a Hub id</source>
   <translation>Hub 주소</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_page.py" />
   <location filename="../../finetune_studio/commands/recipe.py" />
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>a Hub id, a folder, or demo</source>
   <translation>Hub 주소, 폴더, 또는 demo</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>a backslash (\) stands before a sign that it cannot stand before</source>
   <translation>역슬래시(\) 뒤에 올 수 없는 글자가 있어요. 역슬래시 자체는 두 번(\\) 적어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>a base in 8 bits</source>
   <translation>8비트 사전학습 모델</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>a base in 8-bit floats</source>
   <translation>8비트 부동소수점 사전학습 모델</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <location filename="../../finetune_studio/commands/model_page.py" />
   <source>a branch, tag or commit of the Hub</source>
   <translation>Hub의 브랜치, 태그, 커밋</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>a colon (:) is missing after a name</source>
   <translation>이름 뒤에 쌍점(:)이 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>a comma (,) or a closing bracket is missing</source>
   <translation>쉼표(,)나 닫는 괄호가 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>a comma stands before a closing bracket</source>
   <translation>닫는 괄호 앞에 쉼표가 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>a file or folder</source>
   <translation>파일이나 폴더</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/evaluate.py" />
   <source>a folder with tasks for the harness</source>
   <translation>하네스에 쓸 과제가 든 폴더</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>a folder, or a name from the list</source>
   <translation>폴더, 또는 목록에 있는 이름</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/pairs.py" />
   <source>a judged answer has no other one to be preferred to</source>
   <translation>견줄 다른 답이 없는 평가가 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>a line break or a tab stands inside quotes</source>
   <translation>따옴표 안에 줄바꿈이나 탭이 그대로 들어 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/advice.py" />
   <source>a model this small takes larger steps than the safe range of large ones</source>
   <translation>이렇게 작은 모델은 큰 모델의 안전 범위보다 크게 움직여도 돼요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>a name in double quotes has to stand here, or a comma is too many</source>
   <translation>큰따옴표로 묶은 이름이 와야 할 자리예요. 쉼표가 하나 더 있을 수도 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>a number from 1 to 10,000</source>
   <translation>1부터 10,000까지의 수</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>a number has too many digits</source>
   <translation>숫자의 자릿수가 너무 많아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/options.py" />
   <source>a recipe's file</source>
   <translation>레시피 파일</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/train.py" />
   <source>a recipe, or with --resume a run</source>
   <translation>레시피. --resume와 함께면 실행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/options.py" />
   <source>a setting of the recipe, such as training.epochs=2; several by several --set</source>
   <translation>training.epochs=2 같은 레시피 설정. 여러 개면 --set을 여러 번 써요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/evaluate.py" />
   <source>a task of lm-evaluation-harness, where that is installed</source>
   <translation>lm-evaluation-harness가 설치되어 있을 때 그 과제</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>a text has no closing quote</source>
   <translation>닫는 따옴표가 없는 글이 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chat.py" />
   <source>a text that ends an answer</source>
   <translation>답변을 끝내는 글</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>a text to tokenise</source>
   <translation>토큰으로 나눌 글</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/turns.py" />
   <source>a turn calls a tool, which cannot be learned yet</source>
   <translation>도구를 부르는 말이 있는데, 아직 배울 수 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/turns.py" />
   <source>a turn has a role other than system, user, assistant and tool</source>
   <translation>역할이 system, user, assistant, tool이 아닌 말이 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/turns.py" />
   <source>a turn holds something that is not text</source>
   <translation>글이 아닌 말이 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/turns.py" />
   <source>a turn is empty</source>
   <translation>빈 말이 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>a value is missing, or a text stands without double quotes</source>
   <translation>값이 없거나, 글이 큰따옴표 없이 적혀 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <source>accuracy</source>
   <translation>정확도</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>activations</source>
   <translation>활성값</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/fit.py" />
   <source>activations are computed again: the same training, about a third slower</source>
   <translation>활성값을 다시 계산해요. 결과는 같고 3분의 1쯤 느려져요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>adapter</source>
   <translation>어댑터</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/findings.py" />
   <source>advice</source>
   <translation>조언</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>all</source>
   <translation>전체</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>all but the window</source>
   <translation>창만 빼고 모두</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/verdict.py" />
   <source>amber</source>
   <translation>주의</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/usage.py" />
   <source>ambiguous option: %(option)s could match %(matches)s</source>
   <translation>%(option)s만으로는 알 수 없어요: %(matches)s 가운데 하나를 쓰세요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/fit.py" />
   <source>an adapter is trained instead of every weight</source>
   <translation>모든 가중치 대신 어댑터를 학습해요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/fit.py" />
   <location filename="../../finetune_studio/recipe/advice.py" />
   <source>an adapter starts at zero and takes larger steps</source>
   <translation>어댑터는 0에서 시작해서 크게 배워도 안전해요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/serve.py" />
   <source>an address that others reach needs --key</source>
   <translation>다른 사람이 접속할 수 있는 주소에는 --key가 필요해요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/turns.py" />
   <source>an answer is marked as not to be learned (weight 0), which is not possible yet</source>
   <translation>배우지 말라고 표시한 답(weight 0)이 있는데, 아직 따로 뺄 수 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/advice.py" />
   <source>an effective batch of 16 rows is steady, and fits beside most models</source>
   <translation>유효 배치 16행이면 안정적이고, 대부분의 모델에서 메모리에 들어가요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>an offline bundle's folder</source>
   <translation>오프라인 묶음 폴더</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/formats.py" />
   <source>an older kind, quick on processors; measure it</source>
   <translation>오래된 방식, CPU에서 빨라요. 꼭 재 보세요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/formats.py" />
   <source>an older kind; measure it</source>
   <translation>오래된 방식이에요. 꼭 재 보세요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/letters.py" />
   <source>arabic</source>
   <translation>아랍 문자</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/usage.py" />
   <source>argument %(argument_name)s: %(message)s</source>
   <translation>%(argument_name)s: %(message)s</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/formats.py" />
   <source>as computed on a processor; twice the usual size</source>
   <translation>CPU가 계산하는 그대로, 크기는 보통의 두 배</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/formats.py" />
   <source>as the base models are published</source>
   <translation>사전학습 모델이 배포되는 형식 그대로</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/formats.py" />
   <source>as trained, to about three decimal places</source>
   <translation>학습한 그대로, 소수점 아래 세 자리쯤까지</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chat.py" />
   <source>ask both models the same</source>
   <translation>두 모델에 똑같이 묻기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chat.py" />
   <source>ask the base model instead</source>
   <translation>튜닝한 모델 대신 사전학습 모델에 묻기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chat.py" />
   <source>ask this and leave</source>
   <translation>이것만 묻고 끝내기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>at least so</source>
   <translation>적어도 이 정도</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>auto: AdamW, in 8 bits where a GPU trains with QLoRA.</source>
   <translation>자동이면 AdamW를 쓰고, GPU에서 QLoRA로 학습할 때는 8비트로 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>auto: bf16 where the device computes in it, else fp16 on a GPU and fp32 on a CPU.</source>
   <translation>자동이면 장치가 할 수 있으면 bf16, 아니면 GPU에서 fp16, CPU에서 fp32를 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>auto: bf16 where the device computes in it, else fp16 on a GPU and fp32 on a CPU. fp8: the frozen weights in 8-bit floats, half as large and faster, on GPUs of compute capability 8.9 and newer.</source>
   <translation>auto: 장치가 bf16으로 계산하면 bf16, 아니면 GPU에서는 fp16, CPU에서는 fp32예요. fp8: 얼려 둔 가중치를 8비트 실수로 두어 절반 크기에 더 빨라요. 연산 능력 8.9 이상의 GPU에서 돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>bad</source>
   <translation>나쁜</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>base</source>
   <translation>사전학습</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>batches</source>
   <translation>배치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>best loss</source>
   <translation>가장 낮은 손실</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>bring it to another folder or drive</source>
   <translation>다른 폴더나 드라이브로 옮기기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>can be trained so on the GPU</source>
   <translation>이 GPU에서 이 방식으로 학습할 수 있는 것만</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <source>cancelled</source>
   <translation>취소함</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/personal.py" />
   <source>card numbers</source>
   <translation>카드 번호</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>change</source>
   <translation>변화</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>character</source>
   <translation>글자</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>checking</source>
   <translation>확인하는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>checkpoints</source>
   <translation>체크포인트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/evaluate.py" />
   <source>chooses the rows</source>
   <translation>행을 고르는 시드</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/metrics.py" />
   <source>chrF</source>
   <translation>chrF</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/serve.py" />
   <source>clients must send it as their API key</source>
   <translation>접속하는 쪽이 API 키로 보내야 해요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>commercial</source>
   <translation>상업적 이용</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>config.json names no model_type.</source>
   <translation>config.json에 model_type이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/configuration.py" />
   <source>config.json: {why}.</source>
   <translation>config.json: {why}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>context</source>
   <translation>컨텍스트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>cost</source>
   <translation>비용</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>cut</source>
   <translation>잘림</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/letters.py" />
   <source>cyrillic</source>
   <translation>키릴 문자</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>delete runs with all that is in them</source>
   <translation>실행을 안에 든 것과 함께 지우기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/letters.py" />
   <source>digits</source>
   <translation>숫자</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <location filename="../../finetune_studio/commands/runs.py" />
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>do not ask</source>
   <translation>묻지 않기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>does an export say what the trained model says?</source>
   <translation>내보낸 것이 학습한 모델과 똑같이 답하는지 확인</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>download</source>
   <translation>내려받기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_page.py" />
   <source>download: {size}</source>
   <translation>내려받기: {size}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/life.py" />
   <source>downloaded models, which other programs may use</source>
   <translation>내려받은 모델 (다른 프로그램도 쓸 수 있어요)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>downloads</source>
   <translation>내려받은 횟수</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chat.py" />
   <source>draw from the likeliest share alone</source>
   <translation>가장 그럴듯한 몫에서만 뽑기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/personal.py" />
   <source>e-mail addresses</source>
   <translation>이메일 주소</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/wording.py" />
   <source>en</source>
   <translation>ko</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>ending</source>
   <translation>끝</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>epochs</source>
   <translation>에폭</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/findings.py" />
   <source>error</source>
   <translation>오류</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <location filename="../../finetune_studio/commands/bar.py" />
   <location filename="../../finetune_studio/engine/process.py" />
   <location filename="../../finetune_studio/engine/push.py" />
   <source>error: {text}</source>
   <translation>오류: {text}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>evaluation</source>
   <translation>평가</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>evaluations</source>
   <translation>번</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>every finding about a recipe and its data</source>
   <translation>레시피와 데이터에서 찾은 모든 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>every run, newest first</source>
   <translation>모든 실행, 최근 것부터</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>every weight</source>
   <translation>가중치 전체</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/advice.py" />
   <source>every weight moves, so small steps keep what it knows</source>
   <translation>모든 가중치가 움직이니 조금씩 배워야 아는 것을 잊지 않아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <source>everybody sees it</source>
   <translation>모두에게 보여요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>everything for a computer without a network</source>
   <translation>네트워크가 없는 컴퓨터에 필요한 모든 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/usage.py" />
   <source>expected at least one argument</source>
   <translation>값을 하나 이상 주세요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/usage.py" />
   <source>expected one argument</source>
   <translation>값을 하나 주세요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>failed</source>
   <translation>실패</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>fetch a model; a stopped download goes on</source>
   <translation>모델 내려받기. 멈춘 내려받기는 이어서 해요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>fetch its own code, too</source>
   <translation>모델의 자체 코드도 받기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/data.py" />
   <source>files or folders</source>
   <translation>파일이나 폴더</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/data.py" />
   <source>files to measure on, which must not hold rows that are learned</source>
   <translation>검증에 쓸 파일. 배우는 행이 들어 있으면 안 돼요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>finished</source>
   <translation>끝남</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_page.py" />
   <source>fits</source>
   <translation>메모리 충분</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>folder</source>
   <translation>폴더</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/export.py" />
   <source>for gguf-adapter: the base model too, as GGUF, and a Modelfile for both</source>
   <translation>gguf-adapter일 때: 사전학습 모델도 GGUF로 함께 쓰고, 둘을 위한 Modelfile을 만들어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/export.py" />
   <source>for gguf: {names}; {usual} without it</source>
   <translation>gguf일 때: {names}. 쓰지 않으면 {usual}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/export.py" />
   <source>for merged: what the weights are written in; {usual} without it</source>
   <translation>merged용: 가중치를 저장할 형식. 쓰지 않으면 {usual}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>forget the Hub token</source>
   <translation>Hub 토큰 지우기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_page.py" />
   <source>found in</source>
   <translation>찾은 곳</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>fp32 master weights</source>
   <translation>fp32 원본 가중치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>fragmentation</source>
   <translation>단편화</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>get llama.cpp, which writes and runs GGUF</source>
   <translation>GGUF를 쓰고 돌리는 llama.cpp 받기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>given</source>
   <translation>주어짐</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/train.py" />
   <source>go on from the last checkpoint</source>
   <translation>마지막 체크포인트부터 이어서 하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>goes</source>
   <translation>지워요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>gradients</source>
   <translation>그래디언트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/verdict.py" />
   <source>green</source>
   <translation>통과</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/formats.py" />
   <source>half the size; hardly a difference</source>
   <translation>절반 크기, 차이가 거의 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/letters.py" />
   <source>han</source>
   <translation>한자</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/letters.py" />
   <source>hangul</source>
   <translation>한글</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/evaluate.py" />
   <source>held-out rows at most; 0 takes all</source>
   <translation>떼어 둔 행을 최대 몇 개 잴지. 0이면 모두</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/mixers.py" />
   <source>hidden_size ({hidden}) is no multiple of num_attention_heads ({heads})</source>
   <translation>hidden_size({hidden})가 num_attention_heads({heads})의 배수가 아니에요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chat.py" />
   <source>hide whose answer is whose, and vote</source>
   <translation>누구의 답인지 가리고 투표하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>how good a tuned model is, beside its base model</source>
   <translation>튜닝한 모델이 사전학습 모델보다 얼마나 좋은지</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/options.py" />
   <source>how the rows are laid out</source>
   <translation>행의 형식</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>how training is set up; so does no action</source>
   <translation>학습할 준비가 어떻게 됐는지 (동작을 안 적어도 같아요)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>install PyTorch and what training needs</source>
   <translation>PyTorch와 학습에 필요한 것 설치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>install it again in any case</source>
   <translation>언제나 다시 설치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>install what training needs, repair, move or remove it</source>
   <translation>학습에 필요한 것을 설치하고, 고치고, 옮기고, 지우기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <source>interrupted</source>
   <translation>중단됨</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/usage.py" />
   <source>invalid %(type)s value: %(value)r</source>
   <translation>%(value)r 값은 쓸 수 없어요(%(type)s)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/usage.py" />
   <source>invalid choice: %(value)r (choose from %(choices)s)</source>
   <translation>%(value)r 값은 고를 수 없어요(%(choices)s 가운데 고르세요)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>it ends within its header</source>
   <translation>머리 부분에서 끊겼어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>it holds no JSON object</source>
   <translation>JSON 객체가 아니에요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/deltas.py" />
   <source>it holds values that are no numbers</source>
   <translation>숫자가 아닌 값이 들어 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>it is nested too deeply</source>
   <translation>너무 깊이 겹쳐 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>it is no list of weight files</source>
   <translation>가중치 파일 목록이 아니에요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>it is not JSON</source>
   <translation>JSON이 아니에요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>its header cannot be read</source>
   <translation>머리 부분을 읽을 수 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>its header contradicts itself</source>
   <translation>머리 부분이 서로 어긋나요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/examples.py" />
   <source>its label is none of the labels that are learned</source>
   <translation>배우는 레이블에 없는 레이블이에요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>its version of Python; 3.12 without it</source>
   <translation>그 컴퓨터의 Python 버전. 쓰지 않으면 3.12</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/letters.py" />
   <source>kana</source>
   <translation>가나</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>keep a Hub token; it is read from the keyboard</source>
   <translation>Hub 토큰 보관하기. 키보드로 입력받아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>labels</source>
   <translation>레이블</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/letters.py" />
   <source>latin</source>
   <translation>로마자</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>learned</source>
   <translation>배움</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/data.py" />
   <source>leave out rows that do not fit</source>
   <translation>맞지 않는 행은 빼기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/data.py" />
   <source>leave the look at every row's quality out</source>
   <translation>행마다 품질을 살펴보는 일은 건너뛰기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/advice.py" />
   <source>lengths of the bundled samples</source>
   <translation>함께 제공되는 예시 데이터의 길이</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/row_lengths.py" />
   <source>lengths of your rows</source>
   <translation>내 데이터의 행 길이</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>libraries</source>
   <translation>라이브러리</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>licence</source>
   <translation>라이선스</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>list, show, compare and delete runs</source>
   <translation>실행을 나열, 보기, 비교, 삭제하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>llama.cpp does not know how this tokenizer divides words.</source>
   <translation>llama.cpp가 이 토크나이저의 단어 나누는 방식을 몰라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>llama.cpp does not know this tokenizer by name.</source>
   <translation>llama.cpp가 이 토크나이저를 이름으로는 몰라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/llama.py" />
   <source>llama.cpp for Python (llama-cpp-python) is not installed.</source>
   <translation>파이썬용 llama.cpp(llama-cpp-python)가 설치되어 있지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>llama.cpp is in {path}.</source>
   <translation>llama.cpp는 {path}에 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>llama.cpp would read text as other tokens than the trained model.</source>
   <translation>llama.cpp가 글을 학습한 모델과 다른 토큰으로 읽게 돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/gguf.py" />
   <source>llama.cpp's converter does not know this kind of model.</source>
   <translation>llama.cpp의 변환기가 이 종류의 모델을 몰라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/life.py" />
   <source>llama.cpp, which writes and runs GGUF</source>
   <translation>GGUF를 만들고 돌리는 llama.cpp</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/harness.py" />
   <source>lm-evaluation-harness failed.</source>
   <translation>lm-evaluation-harness가 실패했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/harness.py" />
   <source>lm-evaluation-harness is not installed.</source>
   <translation>lm-evaluation-harness가 설치되어 있지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/harness.py" />
   <source>lm-evaluation-harness measures models that write; this run classifies.</source>
   <translation>lm-evaluation-harness는 글을 쓰는 모델을 재는데, 이 실행은 분류예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <source>loading the model</source>
   <translation>모델을 읽는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>loads without its own code</source>
   <translation>자체 코드 없이 읽을 수 있는 것만</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>logits and loss</source>
   <translation>로짓과 손실</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_page.py" />
   <source>longest row</source>
   <translation>가장 긴 행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>look here too</source>
   <translation>여기도 찾아보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>look in the catalogue and on the Hub</source>
   <translation>목록과 Hub에서 찾기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>loss</source>
   <translation>손실</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <source>loss {loss}</source>
   <translation>손실 {loss}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_build.py" />
   <source>macOS has one build, which uses Apple's GPU.</source>
   <translation>macOS에는 Apple GPU를 쓰는 빌드 하나만 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <source>macro F1</source>
   <translation>매크로 F1</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>made</source>
   <translation>만든 때</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>may be chance: {between}</source>
   <translation>우연일 수 있어요: {between}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>may be used commercially</source>
   <translation>상업적으로 쓸 수 있는 것만</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <source>measuring on held-out rows</source>
   <translation>따로 둔 행으로 재는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>measuring the base model</source>
   <translation>사전학습 모델을 재는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>measuring the tuned model</source>
   <translation>튜닝한 모델을 재는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>memory, steps and time of a recipe, and what would make it fit</source>
   <translation>레시피의 메모리, 스텝, 시간과 들어가게 하는 방법</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>metric</source>
   <translation>지표</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <location filename="../../finetune_studio/commands/model_files.py" />
   <location filename="../../finetune_studio/commands/models.py" />
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>model</source>
   <translation>모델</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>models of the Hub at most</source>
   <translation>Hub 모델을 최대 몇 개까지</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>models of the Hub on this disk, and their sizes</source>
   <translation>이 디스크에 있는 Hub 모델과 크기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>native</source>
   <translation>한국어 특화</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>needs nobody's permission</source>
   <translation>누구의 허락도 필요 없는 것만</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>no</source>
   <translation>아니요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/serve.py" />
   <source>no line for each request</source>
   <translation>요청마다 기록을 남기지 않아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/letters.py" />
   <source>none</source>
   <translation>없음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/usage.py" />
   <source>not allowed with argument %s</source>
   <translation>%s과(와) 함께 쓸 수 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>not readable: {path}: {why}</source>
   <translation>읽을 수 없음: {path}: {why}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>not started</source>
   <translation>시작 전</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/data.py" />
   <source>of preferences and judged answers, write the good ones alone</source>
   <translation>선호 쌍과 평가된 답에서 좋은 답만 쓰기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chat.py" />
   <source>of what is drawn</source>
   <translation>뽑기의 시드</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>official</source>
   <translation>공식 지원</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>on conditions</source>
   <translation>조건부</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>on the Hub</source>
   <translation>Hub에 있음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_page.py" />
   <source>on this disk: {folder}</source>
   <translation>이 디스크에 있음: {folder}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>one model: licence, limits, what trains it</source>
   <translation>모델 하나의 라이선스, 한계, 학습에 필요한 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/usage.py" />
   <source>one of the arguments %s is required</source>
   <translation>다음 인자 가운데 하나가 필요해요: %s</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>one of the models; several by several --model</source>
   <translation>비교할 모델 하나. 여러 개면 --model을 여러 번 써요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>one run in full</source>
   <translation>실행 하나 자세히 보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>only say what would be done</source>
   <translation>무엇을 할지 말하기만 하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <source>only you see it</source>
   <translation>나만 볼 수 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <source>only you see it; the usual way</source>
   <translation>나만 볼 수 있어요(기본)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>open the window; so does no command at all</source>
   <translation>창 열기. 명령을 주지 않아도 열려요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>optimiser states</source>
   <translation>옵티마이저 상태</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/fit.py" />
   <source>optimiser states in 8 bits: nearly the same training</source>
   <translation>옵티마이저 상태를 8비트로 둬요. 결과는 거의 같아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/usage.py" />
   <source>options</source>
   <translation>옵션</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/letters.py" />
   <source>other</source>
   <translation>그 밖</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/evaluate.py" />
   <source>other rows never learned from</source>
   <translation>학습하지 않은 다른 행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>own runs with the demo model</source>
   <translation>데모 모델로 직접 돌려 본 결과</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>padding</source>
   <translation>패딩</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <location filename="../../finetune_studio/commands/model_files.py" />
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>paused</source>
   <translation>잠시 멈춤</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>per character</source>
   <translation>글자당</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>per row</source>
   <translation>행당</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>per syllable</source>
   <translation>음절당</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <source>perplexity</source>
   <translation>perplexity</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/personal.py" />
   <source>phone numbers</source>
   <translation>전화번호</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/fetching.py" />
   <source>pip could not get llama.cpp.</source>
   <translation>pip이 llama.cpp를 받지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>place</source>
   <translation>위치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/usage.py" />
   <source>positional arguments</source>
   <translation>차례로 주는 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/life.py" />
   <source>preferences, and the Hub token in the system's keyring</source>
   <translation>환경 설정과 시스템 키링의 Hub 토큰</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/train.py" />
   <source>print events, one JSON line each</source>
   <translation>이벤트를 한 줄에 하나씩 JSON으로 출력하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/recipe.py" />
   <source>print every setting</source>
   <translation>모든 설정 출력하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/options.py" />
   <source>print one JSON document</source>
   <translation>JSON 문서 하나로 출력하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>probe</source>
   <translation>검사</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>problem</source>
   <translation>문제</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>programs that the driver does not name</source>
   <translation>드라이버가 이름을 알려 주지 않는 프로그램</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/life.py" />
   <source>projects</source>
   <translation>프로젝트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <source>propose it instead of changing what is there</source>
   <translation>바로 바꾸지 않고 풀 리퀘스트로 제안해요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <source>reading and tokenising the data</source>
   <translation>데이터를 읽고 토큰으로 나누는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_page.py" />
   <source>reads {count:,} tokens</source>
   <translation>{count:,}토큰까지 읽어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/data.py" />
   <source>recognise the shape and look for faults</source>
   <translation>형식을 알아보고 잘못된 곳 찾기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/verdict.py" />
   <source>red</source>
   <translation>불일치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>rejected</source>
   <translation>더 못한</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>remove a downloaded model from this disk</source>
   <translation>내려받은 모델을 이 디스크에서 지우기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>remove what the program made; asks first</source>
   <translation>프로그램이 만든 것 지우기 (먼저 물어봐요)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/personal.py" />
   <source>resident registration numbers</source>
   <translation>주민등록번호</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>result</source>
   <translation>결과</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <source>right tokens</source>
   <translation>맞힌 토큰</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>rows</source>
   <translation>행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/fit.py" />
   <source>rows beyond {length} tokens are cut and their ends are not learned</source>
   <translation>{length} 토큰을 넘는 행은 잘려서 끝을 배우지 못해요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/evaluate.py" />
   <source>rows that are answered, for chat</source>
   <translation>대화일 때 답하게 할 행 수</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>rsLoRA</source>
   <translation>rsLoRA</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>run</source>
   <translation>실행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>running</source>
   <translation>실행 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>runs side by side</source>
   <translation>실행을 나란히 보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/life.py" />
   <source>runs, with the models that were trained</source>
   <translation>실행 기록과 학습한 모델</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <source>saving the result</source>
   <translation>결과를 저장하는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>settings that differ</source>
   <translation>서로 다른 설정</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/usage.py" />
   <source>show program's version number and exit</source>
   <translation>프로그램의 버전을 보여 주고 끝내기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>show the version</source>
   <translation>버전 보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/usage.py" />
   <source>show this help message and exit</source>
   <translation>이 도움말 보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <source>show what would go up</source>
   <translation>무엇이 올라갈지 보여 줘요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>size</source>
   <translation>크기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/formats.py" />
   <source>small; measure it</source>
   <translation>작아요. 꼭 재 보세요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/fit.py" />
   <source>smaller batches added up: the same training, a little slower</source>
   <translation>작은 배치를 모아 배워요. 결과는 같고 조금 느려져요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/formats.py" />
   <source>smaller still; measure it</source>
   <translation>더 작아요. 꼭 재 보세요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/formats.py" />
   <source>smaller; little difference for large models</source>
   <translation>더 작고, 큰 모델이라면 차이가 적어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>something follows after the end</source>
   <translation>끝난 뒤에 무언가가 더 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>status</source>
   <translation>상태</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>stays</source>
   <translation>남아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>step</source>
   <translation>스텝</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <source>step {step}: validation {figures}</source>
   <translation>{step}스텝: 검증 {figures}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <location filename="../../finetune_studio/recipe" />
   <source>steps</source>
   <translation>스텝</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>stopped</source>
   <translation>멈춤</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <source>stopped and saved</source>
   <translation>멈추고 저장함</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <source>stopped early, for the validation loss no longer fell,</source>
   <translation>검증 손실이 더 떨어지지 않아서 조기 종료했어요,</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>talk to a tuned model</source>
   <translation>튜닝한 모델과 대화하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>task</source>
   <translation>학습 유형</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>temporary buffers</source>
   <translation>임시 버퍼</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/pairs.py" />
   <source>the answer is a bad one</source>
   <translation>나쁜 답이에요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>the base model answers</source>
   <translation>사전학습 모델이 답하는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/fit.py" />
   <source>the base model is held in 4 bits, which rounds its weights</source>
   <translation>사전학습 모델을 4비트로 둬서 가중치가 어림돼요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>the build of PyTorch; auto takes what suits this machine</source>
   <translation>PyTorch 빌드. auto면 이 컴퓨터에 맞는 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>the build of PyTorch; cpu without it</source>
   <translation>PyTorch 빌드. 쓰지 않으면 cpu</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>the catalogue, sorted and filtered</source>
   <translation>모델 목록을 정렬하고 거르기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>the catalogue, the Hub, downloads, and what trains where</source>
   <translation>모델 목록, Hub, 내려받기, 무엇을 어디서 학습할 수 있는지</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/examples.py" />
   <source>the chat template refuses the conversation</source>
   <translation>대화 템플릿이 이 대화를 받지 않아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/verify.py" />
   <source>the export's folder</source>
   <translation>내보낸 폴더</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/recipe.py" />
   <source>the file to write; recipe.yaml without it</source>
   <translation>저장할 파일. 쓰지 않으면 recipe.yaml</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/recipe.py" />
   <source>the files to learn from</source>
   <translation>학습할 파일</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <location filename="../../finetune_studio/commands/serve.py" />
   <source>the folder of a run or an export</source>
   <translation>실행 폴더나 내보낸 폴더</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/export.py" />
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>the folder to write</source>
   <translation>저장할 폴더</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/usage.py" />
   <source>the following arguments are required: %s</source>
   <translation>빠진 것이 있어요: %s</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/export.py" />
   <source>the format</source>
   <translation>내보낼 형식</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <source>the language of the model card</source>
   <translation>모델 카드의 언어</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>the largest first</source>
   <translation>큰 것부터</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chat.py" />
   <location filename="../../finetune_studio/commands/evaluate.py" />
   <source>the longest answer</source>
   <translation>가장 긴 답</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/advice.py" />
   <source>the longest row of these samples has {longest} tokens</source>
   <translation>이 예제에서 가장 긴 행이 {longest}토큰이에요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <source>the name there: owner/name, or a name</source>
   <translation>Hub에서 쓸 이름: 소유자/이름 또는 이름</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>the name “{name}” stands twice in one object</source>
   <translation>한 객체에 ‘{name}’ 이름이 두 번 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>the new place</source>
   <translation>옮길 곳</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/data.py" />
   <source>the new shape</source>
   <translation>새 형식</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/torch_checks.py" />
   <source>the newest version</source>
   <translation>최신 버전</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/proof.py" />
   <source>the processor</source>
   <translation>프로세서(CPU)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>the row's number, from 0</source>
   <translation>0부터 센 행 번호</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/verify.py" />
   <source>the run it came from, where it is not found</source>
   <translation>어느 실행에서 나왔는지(찾지 못할 때)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <source>the run of an export</source>
   <translation>내보낸 폴더의 원래 실행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/demo.py" />
   <location filename="../../finetune_studio/commands/options.py" />
   <location filename="../../finetune_studio/commands/train.py" />
   <source>the run's folder</source>
   <translation>실행의 폴더</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/formats.py" />
   <source>the smallest; expect other answers</source>
   <translation>가장 작아요. 답이 달라질 수 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>the system of that computer; linux without it</source>
   <translation>그 컴퓨터의 운영 체제. 쓰지 않으면 linux</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chat.py" />
   <source>the system prompt</source>
   <translation>시스템 프롬프트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>the text itself holds ChatML's marks</source>
   <translation>글 안에 ChatML 표시가 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>the tuned model answers</source>
   <translation>튜닝한 모델이 답하는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/formats.py" />
   <source>the usual choice for large models; measure it</source>
   <translation>큰 모델에 흔히 써요. 꼭 재 보세요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>the whole job on the embedded model and data, in a minute or two</source>
   <translation>내장 모델과 데이터로 처음부터 끝까지, 1~2분 걸려요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/life.py" />
   <source>the window's environment and caches</source>
   <translation>창의 환경과 캐시</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>there are other roles than system, user and assistant</source>
   <translation>system, user, assistant 말고 다른 역할이 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>there is more than one question and answer</source>
   <translation>질문과 답이 하나보다 많아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/turns.py" />
   <source>there is no answer to learn</source>
   <translation>배울 답이 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/turns.py" />
   <source>there is no conversation in the row</source>
   <translation>행에 대화가 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/turns.py" />
   <source>there is no label in the row</source>
   <translation>행에 레이블이 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/turns.py" />
   <source>there is no question or prompt</source>
   <translation>질문이나 프롬프트가 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/turns.py" />
   <location filename="../../finetune_studio/tokens/examples.py" />
   <source>there is no text in the row</source>
   <translation>행에 글이 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/examples.py" />
   <source>there is nothing to learn within the sequence length</source>
   <translation>시퀀스 길이 안에 배울 것이 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>these too</source>
   <translation>이것도</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <location filename="../../finetune_studio/commands/model_page.py" />
   <location filename="../../finetune_studio/commands/models.py" />
   <source>this machine's processor</source>
   <translation>이 컴퓨터의 CPU</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_page.py" />
   <source>tight</source>
   <translation>빠듯함</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>time</source>
   <translation>시간</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <location filename="../../finetune_studio/recipe" />
   <source>tokens</source>
   <translation>토큰</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_page.py" />
   <source>tokens/s</source>
   <translation>토큰/초</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>train a recipe</source>
   <translation>레시피대로 학습하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>train two steps here and correct the plan</source>
   <translation>여기서 두 스텝을 학습해 계획을 바로잡기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <source>training</source>
   <translation>학습</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>trains</source>
   <translation>학습 가능</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>transformers cannot load this model.</source>
   <translation>transformers가 이 모델을 읽지 못해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <location filename="../../finetune_studio/catalog/search.py" />
   <source>transformers {version} has no code for the model type “{kind}”.</source>
   <translation>transformers {version}에는 ‘{kind}’ 모델의 코드가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>transformers: train_sampling_strategy=group_by_length</source>
   <translation>transformers: train_sampling_strategy=group_by_length</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>try it, and install it again where it fails</source>
   <translation>써 보고, 안 되면 다시 설치하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>tuned</source>
   <translation>튜닝</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>unknown</source>
   <translation>알 수 없음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/usage.py" />
   <source>unrecognized arguments: %s</source>
   <translation>모르는 인자가 있어요: %s</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>upload a run or an export to the Hub, with its card</source>
   <translation>실행이나 내보낸 모델을 카드와 함께 Hub에 올려요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <source>upload over plain HTTPS, without Xet</source>
   <translation>Xet 없이 일반 HTTPS로 올려요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/usage.py" />
   <source>usage: </source>
   <translation>사용법: </translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe" />
   <source>usual for Llama-like models</source>
   <translation>Llama 계열에서 흔히 쓰는 값</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/formats.py" />
   <source>very small; expect other answers</source>
   <translation>아주 작아요. 답이 달라질 수 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/findings.py" />
   <source>warning</source>
   <translation>경고</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <location filename="../../finetune_studio/commands/models.py" />
   <source>weights</source>
   <translation>가중치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>what a tokenizer makes of a text or a row, and what several cost</source>
   <translation>글이나 행을 토크나이저가 어떻게 나누는지, 여럿의 비용은 얼마인지</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>what came of it</source>
   <translation>나온 결과</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_page.py" />
   <source>what each GPU can train of it</source>
   <translation>GPU마다 무엇을 학습할 수 있는지</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>what files hold, and their rows in another shape</source>
   <translation>파일에 든 것과, 행을 다른 형식으로 바꾼 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/recipe.py" />
   <source>what its maker states</source>
   <translation>제작자가 밝힌 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>what the base model knows</source>
   <translation>사전학습 모델이 아는 것을 묻는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/evaluate.py" />
   <source>what the page speaks</source>
   <translation>보고서의 언어</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/data.py" />
   <source>what the rows are to train</source>
   <translation>행으로 학습할 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/tokens.py" />
   <source>what the same data costs with several models</source>
   <translation>같은 데이터가 모델마다 드는 비용</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>what the tuned model still knows</source>
   <translation>튜닝한 모델이 아직 아는 것을 묻는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>what they are sorted by</source>
   <translation>무엇으로 정렬할지</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>what this machine can do, and what to mend</source>
   <translation>이 컴퓨터로 할 수 있는 것과 고칠 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>what to look for</source>
   <translation>찾을 말</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/gui.py" />
   <source>what to open in it</source>
   <translation>창에서 열 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/recipe.py" />
   <source>what to train for; else what the data suggest</source>
   <translation>무엇을 학습할지. 쓰지 않으면 데이터를 보고 정해요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>where; many GB go there</source>
   <translation>설치할 곳 (여러 GB가 들어가요)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/pairs.py" />
   <source>whether the answer is good is not said</source>
   <translation>좋은 답인지 적혀 있지 않아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/options.py" />
   <source>which column plays a role, such as question=Q</source>
   <translation>question=Q처럼 어느 열이 어떤 역할인지</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/serve.py" />
   <source>which of several GGUF files</source>
   <translation>여러 GGUF 파일 가운데 쓸 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>without those rows</source>
   <translation>그 행을 뺀 수치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>words that a model's facts hold</source>
   <translation>모델 정보에 들어 있는 말</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/evaluate.py" />
   <source>write a page too</source>
   <translation>보고서 페이지도 만들기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/recipe.py" />
   <source>write a recipe with recommended values</source>
   <translation>추천값으로 레시피 쓰기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>write a recipe, or print what can be set</source>
   <translation>레시피를 쓰거나, 설정할 수 있는 것을 출력하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>write the adapter, the merged model or GGUF</source>
   <translation>어댑터, 병합 모델, GGUF로 내보내기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/serve.py" />
   <source>write the command for another server, or code that asks this one</source>
   <translation>다른 서버용 명령이나 이 서버에 물어보는 코드를 보여 줘요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/data.py" />
   <source>write the rows in another shape</source>
   <translation>행을 다른 형식으로 쓰기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <source>write to this branch, new or not</source>
   <translation>이 브랜치에 올려요(없으면 만들어요)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>writes</source>
   <translation>쓰는 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>yes</source>
   <translation>네</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>{address} gives no answer.</source>
   <translation>{address}에서 답이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/guardian.py" />
   <source>{asking} wants the result under itself, which {other} does not allow.</source>
   <translation>{asking}은(는) 결과에도 같은 라이선스를 요구하는데 {other}은(는) 그것을 허락하지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/guardian.py" />
   <source>{asking} wants what is made of it to carry the same licence.</source>
   <translation>{asking}은(는) 만든 것에도 같은 라이선스를 붙이길 요구해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>{count:,} of them were answered.</source>
   <translation>그중 {count:,}행에 답했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/data.py" />
   <source>{count:,} rows were left out: {why}.</source>
   <translation>{count:,}행을 뺐어요: {why}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_page.py" />
   <source>{count:.2f} B parameters</source>
   <translation>파라미터 {count:.2f} B</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/wording.py" />
   <source>{count} answers seem cut off in the middle: the model would learn to stop there. The fix leaves these rows out.</source>
   <translation>답 {count}개가 중간에 끊긴 것 같아요. 모델이 거기서 멈추도록 배우게 돼요. 고치면 이 행을 빼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/wording.py" />
   <source>{count} conversations are out of order: two turns of one side in a row, an answer first, a question last, or late system words. The fix joins and drops such turns.</source>
   <translation>대화 {count}개의 차례가 어긋나요. 한쪽이 연달아 말하거나, 답이 먼저거나, 질문이 마지막이거나, 시스템 말이 늦게 나와요. 고치면 그런 말을 잇거나 빼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/building.py" />
   <source>{count} layers are too many to be true</source>
   <translation>층이 {count}개라니 너무 많아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/models.py" />
   <source>{count} models; what fits is meant for {place}.</source>
   <translation>모델 {count}개. 들어가는지는 {place} 기준이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/wording.py" />
   <source>{count} of the rows to measure on are nearly equal to rows that are learned, so the measure would be too good. The fix leaves them out of the measuring.</source>
   <translation>재는 행 {count}개가 배우는 행과 거의 같아서 점수가 부풀어요. 고치면 잴 때 그 행을 빼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/export.py" />
   <source>{count} of {all} tensors got another type than asked for: {types}.</source>
   <translation>텐서 {all}개 중 {count}개는 고른 것과 다른 형식이 됐어요: {types}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/learned.py" />
   <source>{count} rows are cut at {length:,} tokens; {lost:,} tokens are lost.</source>
   <translation>{count}행이 {length:,}토큰에서 잘려서 토큰 {lost:,}개를 잃어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/learned.py" />
   <source>{count} rows are left out: the chat template refuses them ({why}).</source>
   <translation>{count}행이 빠져요. 대화 템플릿이 받지 않아요 ({why}).</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/learned.py" />
   <source>{count} rows are left out: their label is none of the labels that are learned.</source>
   <translation>{count}행이 빠져요. 배우는 레이블에 없는 레이블이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/check.py" />
   <location filename="../../finetune_studio/tokens/preflight.py" />
   <source>{count} rows are left out: {why}.</source>
   <translation>{count}행이 빠져요: {why}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/wording.py" />
   <source>{count} rows are longer than {limit} characters, far beyond the others. The fix leaves them out.</source>
   <translation>{count}행이 {limit}자보다 길어서 다른 행과 크게 달라요. 고치면 빼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/wording.py" />
   <source>{count} rows are nearly equal to an earlier one. The fix keeps the first of each.</source>
   <translation>{count}행이 앞의 행과 거의 같아요. 고치면 처음 것만 남겨요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/wording.py" />
   <source>{count} rows are not in the main script, {keep}: {others}. The fix leaves them out; keep them if the mix is meant.</source>
   <translation>{count}행은 주로 쓰인 글자({keep})로 되어 있지 않아요: {others}. 일부러 섞었다면 그대로 두고, 아니라면 빼세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/learned.py" />
   <source>{count} rows begin with the start token twice.</source>
   <translation>{count}행이 시작 토큰으로 두 번 시작해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/convert.py" />
   <source>{count} rows cannot become {shape} without loss.</source>
   <translation>{count}행은 잃는 것 없이 {shape}(으)로 바꿀 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/check.py" />
   <source>{count} rows have more or fewer fields than the header, and count as empty: line {line} has {found} in place of {expected}. Put text that holds a delimiter into double quotation marks.</source>
   <translation>{count}개 행의 칸 수가 머리글과 달라 빈 행으로 쳐요. {line}번째 줄은 {expected}칸이어야 하는데 {found}칸이에요. 구분 기호가 든 글은 큰따옴표로 묶어 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/wording.py" />
   <source>{count} rows have no letter and no digit to learn. The fix leaves them out.</source>
   <translation>{count}행에 배울 글자나 숫자가 없어요. 고치면 빼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/learned.py" />
   <source>{count} rows have nothing to learn within {length:,} tokens.</source>
   <translation>{count}행은 {length:,}토큰 안에 배울 것이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/wording.py" />
   <source>{count} rows have the same text but different labels. The fix leaves them all out.</source>
   <translation>{count}행이 글은 같은데 레이블이 달라요. 고치면 모두 빼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/wording.py" />
   <source>{count} rows hold characters that are not seen. The fix takes them out.</source>
   <translation>{count}행에 보이지 않는 글자가 있어요. 고치면 지워요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/wording.py" />
   <source>{count} rows hold characters that were lost (�). The fix leaves these rows out.</source>
   <translation>{count}행에 깨져서 사라진 글자가 있어요. 고치면 이 행을 빼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/wording.py" />
   <source>{count} rows hold letters in parts (NFD), as macOS writes them; a tokenizer sees other tokens. The fix composes them (NFC).</source>
   <translation>{count}행의 한글이 macOS처럼 풀려(NFD) 있어서 토큰이 달라져요. 고치면 합쳐요(NFC).</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/wording.py" />
   <source>{count} rows hold remains of HTML. The fix takes tags out and spells entities out.</source>
   <translation>{count}행에 HTML 찌꺼기가 있어요. 고치면 태그를 빼고 글자로 풀어 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/wording.py" />
   <source>{count} rows hold text that was read in a wrong encoding. The fix reads it rightly.</source>
   <translation>{count}행이 잘못된 인코딩으로 읽혔어요. 고치면 바르게 읽어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/wording.py" />
   <source>{count} rows repeat an earlier one. The fix keeps the first of each.</source>
   <translation>{count}행이 앞의 행과 똑같아요. 고치면 처음 것만 남겨요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/quality/wording.py" />
   <source>{count} rows seem to hold personal data: {kinds}. A model may repeat it. The fix masks it.</source>
   <translation>{count}행에 개인 정보가 있는 것 같아요: {kinds}. 모델이 그대로 말할 수 있어요. 가리기를 누르면 가려요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/dataset.py" />
   <source>{count} rows were left out: {why}.</source>
   <translation>{count}행을 뺐어요: {why}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>{count} tensors that {index} names are in no file, such as “{name}”.</source>
   <translation>{index}에 적힌 텐서 {count}개가 ‘{name}’처럼 어느 파일에도 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/usable.py" />
   <source>{count} usable rows are too few to keep some aside.</source>
   <translation>쓸 수 있는 {count}행은 일부를 따로 두기에 너무 적어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>{epochs} epochs: it would learn the rows by heart; 1 to 5 are usual.</source>
   <translation>에폭이 {epochs}번이면 행을 외워 버려요. 보통 1~5번이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>{exact:,} of {rows:,} held-out rows stand among the learned ones, {near:,} more nearly: figures on them measure memory.</source>
   <translation>떼어 둔 {rows:,}행 중 {exact:,}행을 그대로 학습했고, {near:,}행은 거의 같은 행을 학습했어요. 이런 행의 수치는 외운 정도를 잴 뿐이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/setup.py" />
   <source>{files} files, {size}, in {path}.</source>
   <translation>파일 {files}개, {size}, {path}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/process.py" />
   <source>{file} holds the details.</source>
   <translation>자세한 내용은 {file} 파일에 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/cli.py" />
   <source>{file} holds the details; please report them.</source>
   <translation>자세한 내용은 {file} 파일에 있어요. 알려 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/export.py" />
   <source>{format} written to {path}.</source>
   <translation>{format} 형식으로 {path}에 썼어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>{free:.1f} GiB free for models and runs.</source>
   <translation>모델과 실행에 쓸 수 있는 공간이 {free:.1f} GiB 남았어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>{free:.1f} GiB free on the disk for downloaded models.</source>
   <translation>내려받은 모델을 두는 디스크에 {free:.1f} GiB 남았어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>{free:.1f} GiB free on the disk for runs.</source>
   <translation>실행을 두는 디스크에 {free:.1f} GiB 남았어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/serve.py" />
   <source>{host}:{port} cannot be used.</source>
   <translation>{host}:{port}을(를) 쓸 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>{learned:,} tokens are learned, {given:,} given, {cut:,} cut off.</source>
   <translation>토큰 {learned:,}개를 배우고, {given:,}개는 주어지고, {cut:,}개는 잘려요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/guardian.py" />
   <source>{licence} wants the published name to begin with “{prefix}”.</source>
   <translation>{licence}은(는) 공개할 이름이 ‘{prefix}’(으)로 시작하길 요구해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>{missing} of its {total} bytes are missing</source>
   <translation>{total} 바이트 가운데 {missing} 바이트가 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>{model} could not be downloaded whole.</source>
   <translation>{model}을(를) 다 내려받지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>{model} could not be downloaded.</source>
   <translation>{model}을(를) 내려받지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/disk.py" />
   <source>{model} could not be removed whole.</source>
   <translation>{model}을(를) 다 지우지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>{model} has no revision “{revision}”.</source>
   <translation>{model}에 ‘{revision}’ 버전이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/hub.py" />
   <source>{model} has only “{name}”, a pickle file: loading it can run any code.</source>
   <translation>{model}에는 피클 파일 ‘{name}’뿐이에요. 읽으면 아무 코드나 실행될 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/disk.py" />
   <source>{model} is being downloaded.</source>
   <translation>{model}을(를) 내려받고 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>{model} is given only to those whom its maker has let in.</source>
   <translation>{model}은(는) 만든이가 허락한 사람만 받을 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/disk.py" />
   <source>{model} is not among the downloaded models.</source>
   <translation>{model}은(는) 내려받은 모델에 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>{model} is not on this disk, and downloads are switched off.</source>
   <translation>{model}이(가) 이 디스크에 없고, 내려받기가 꺼져 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>{model} is removed only after a yes.</source>
   <translation>{model} 모델은 동의해야 지워져요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>{model} is removed; {size} are free again.</source>
   <translation>{model} 모델을 지웠어요. {size} 비었어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/download.py" />
   <source>{model} takes another {size:.1f} GiB, and {free:.1f} GiB are free.</source>
   <translation>{model}에 {size:.1f} GiB가 더 필요한데 {free:.1f} GiB가 비어 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>{model}: {count:,} tokens stand for what it cannot write.</source>
   <translation>{model}: 쓸 수 없는 글자를 토큰 {count:,}개가 대신해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>{model}: {count} files, {size}, in {folder}</source>
   <translation>{model}: 파일 {count}개, {size}, {folder} 폴더</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>{name} (process {pid})</source>
   <translation>{name} (프로세스 {pid})</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/guardian.py" />
   <source>{name} allows commercial use on conditions: {sentence}</source>
   <translation>{name}은(는) 조건부로 상업적 사용을 허락해요: {sentence}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/guardian.py" />
   <source>{name} forbids commercial use, and so of the result too.</source>
   <translation>{name}은(는) 상업적 사용을 금지해요. 결과도 마찬가지예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/guardian.py" />
   <source>{name} forbids passing on changed versions, and a tuned model may be one.</source>
   <translation>{name}은(는) 바꾼 것을 나누지 못하게 해요. 튜닝한 모델도 그럴 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/resolve.py" />
   <source>{name} has no file for this computer.</source>
   <translation>{name}에는 이 컴퓨터에 맞는 파일이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/train.py" />
   <source>{name} is damaged and was passed over.</source>
   <translation>{name} 손상되어 건너뛰었어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/configuration.py" />
   <source>{name} is missing</source>
   <translation>{name}이(가) 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/configuration.py" />
   <source>{name} is {value}, which is no sensible number</source>
   <translation>{name}이(가) {value}인데 말이 되는 수가 아니에요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/setup/fetch.py" />
   <source>{name}: the server answered with error {status}.</source>
   <translation>{name}: 서버가 오류 {status}로 답했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/demo.py" />
   <source>{name}: {size:.1f} MB in {path}</source>
   <translation>{name}: {size:.1f} MB, {path}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>{name}: {total:.1f} GiB of memory, {free:.1f} GiB free.</source>
   <translation>{name}: 메모리 {total:.1f} GiB, 여유 {free:.1f} GiB.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan.py" />
   <source>{need} of the {free} that this computer has free is tight; close other programs.</source>
   <translation>이 컴퓨터의 빈 메모리 {free} 중 {need}를 써서 빠듯해요. 다른 프로그램을 닫으세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>{owner} is another account.</source>
   <translation>{owner}은(는) 다른 계정이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/runs.py" />
   <source>{path} ({size}) will be deleted.</source>
   <translation>{path}({size}) 지울 거예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>{path} could not be read as a recipe.</source>
   <translation>레시피로 읽을 수 없는 파일이에요: {path}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/recipe.py" />
   <location filename="../../finetune_studio/data/writing.py" />
   <location filename="../../finetune_studio/export/files.py" />
   <source>{path} exists already.</source>
   <translation>{path}이(가) 이미 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/store.py" />
   <source>{path} holds no recipe.</source>
   <translation>{path}에는 레시피가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/evaluate.py" />
   <source>{path} is a folder.</source>
   <translation>폴더라서 쓸 수 없어요: {path}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/recipe/checks.py" />
   <source>{percent:.0f} % of the steps are spent warming up; 1 to 5 % is usual.</source>
   <translation>스텝의 {percent:.0f} %를 워밍업에 써요. 보통은 1~5 %예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/metrics.py" />
   <source>{points} pts</source>
   <translation>{points} %p</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/serve.py" />
   <source>{port} is no port.</source>
   <translation>{port}은(는) 포트가 아니에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>{ram} of main memory and {disk} of disk are needed.</source>
   <translation>주 메모리 {ram}, 디스크 {disk} 필요해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <source>{reason} at step {step}</source>
   <translation>{step}스텝에서 {reason}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <source>{repo} ({seen}), branch {branch}</source>
   <translation>{repo} ({seen}), 브랜치 {branch}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>{repo} has no such branch.</source>
   <translation>{repo}에 그런 브랜치가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>{repo} is not there, or this account may not see it.</source>
   <translation>{repo}이(가) 없거나 이 계정으로는 볼 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>{repo} is there already, and everybody can see it.</source>
   <translation>{repo}은(는) 이미 있고 모두에게 공개되어 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <source>{repo} was changed meanwhile.</source>
   <translation>그사이에 {repo}이(가) 바뀌었어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>{rows:,} guesses: confidence {confidence:.0%}, right {accuracy:.0%}</source>
   <translation>예측 {rows:,}개: 확신 {confidence:.0%}, 맞음 {accuracy:.0%}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/demo.py" />
   <source>{rows:,} questions with answers; {share:.0%} of the tokens are learned.</source>
   <translation>질문과 답 {rows:,}쌍, 토큰의 {share:.0%}를 배워요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/data.py" />
   <source>{rows:,} rows are in {path}.</source>
   <translation>{rows:,}행이 {path} 파일에 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/check.py" />
   <source>{rows:,} rows, each with its label.</source>
   <translation>레이블이 달린 {rows:,}행.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>{rows:,} rows, {characters:,} characters, {syllables:,} Hangul syllables.</source>
   <translation>{rows:,}행, {characters:,}글자, 한글 {syllables:,}음절.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/data.py" />
   <source>{rows:,} rows, {encoding}, shape {shape} ({confidence:.0%})</source>
   <translation>{rows:,}행, {encoding}, 형식 {shape} ({confidence:.0%})</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/check.py" />
   <source>{rows:,} rows; {share:.0%} of the tokens are learned.</source>
   <translation>{rows:,}행, 토큰의 {share:.0%}를 배워요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/progress.py" />
   <source>{seconds:,.0f} s left</source>
   <translation>{seconds:,.0f}초 남음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/report.py" />
   <source>{seconds:,.0f} s on {device}</source>
   <translation>{device}에서 {seconds:,.0f}초</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/server/elsewhere.py" />
   <source>{server} cannot load the format “{form}”.</source>
   <translation>{server}은(는) “{form}” 형식을 불러올 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/progress.py" />
   <source>{share:.0%}  {words}: {done:,} of {of:,}</source>
   <translation>{share:.0%}  {words}: {of:,}개 중 {done:,}개</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/fit.py" />
   <source>{share:.0%} of the rows are cut at {length} tokens and lose their ends</source>
   <translation>행의 {share:.0%}가 {length} 토큰에서 잘려 끝을 잃어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/lengths.py" />
   <source>{share:.1%} of the rows stay whole at {length:,}; the longest has {longest:,} tokens, and room for it would be taken by few.</source>
   <translation>{length:,}에서는 행의 {share:.1%}가 온전해요. 가장 긴 행은 {longest:,}토큰이지만 그만한 자리를 쓰는 행은 드물어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>{sign} is missing</source>
   <translation>{sign}이(가) 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>{size} in all</source>
   <translation>모두 {size}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <source>{size} in all.</source>
   <translation>모두 {size}예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>{size} unfinished</source>
   <translation>{size} 덜 받음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <source>{speed:,.0f} tokens/s</source>
   <translation>{speed:,.0f} 토큰/초</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>{steps:,} steps of about {tokens:,} tokens, about {minutes:.0f} minutes.</source>
   <translation>{tokens:,}토큰쯤 되는 스텝 {steps:,}번, 약 {minutes:.0f}분.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/bar.py" />
   <location filename="../../finetune_studio/commands/model_files.py" />
   <location filename="../../finetune_studio/commands/push.py" />
   <source>{time} left</source>
   <translation>{time} 남음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan.py" />
   <source>{title} {detail}</source>
   <translation>{title} {detail}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/chips.py" />
   <source>{tokens:,} tokens for {characters:,} characters: {share:.2f} a character.</source>
   <translation>{characters:,}글자에 토큰 {tokens:,}개: 글자당 {share:.2f}개.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>{total:.1f} GiB of main memory, {free:.1f} GiB available.</source>
   <translation>주 메모리 {total:.1f} GiB, 여유 {free:.1f} GiB.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>{trainable:,} of {all:,} parameters are trained ({share:.2%}).</source>
   <translation>파라미터 {all:,}개 중 {trainable:,}개를 학습해요({share:.2%}).</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/hardware/doctor.py" />
   <source>{used:.1f} GiB of {name} are held by {who}.</source>
   <translation>{name}의 {used:.1f} GiB를 {who}이(가) 쓰고 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/estimate.py" />
   <source>{verdict} Free: {free} ({place}).</source>
   <translation>{verdict} 여유: {free} ({place}).</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>{verdict} Of {count} general questions {before:.0%} were right before, {after:.0%} now.</source>
   <translation>{verdict} 일반 문항 {count}개 중 전에는 {before:.0%}를 맞혔고, 지금은 {after:.0%}를 맞혀요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/evaluation/summary.py" />
   <source>{verdict} {figure}: {before:,.0f} before, {after:,.0f} now.</source>
   <translation>{verdict} {figure}: 전 {before:,.0f}, 지금 {after:,.0f}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>{version} insists that the hidden size ({hidden}) is a multiple of the attention heads ({heads}).</source>
   <translation>{version}에서는 hidden size({hidden})가 어텐션 헤드 수({heads})의 배수여야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/files.py" />
   <source>{wanted:.1f} GB are needed in {folder}, {free:.1f} GB are free.</source>
   <translation>{folder}에 {wanted:.1f}GB가 필요한데 {free:.1f}GB만 남아 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/export.py" />
   <source>{way}; loaded again: same likeliest token {top1:.1%}, KL divergence {kl:.2g}.</source>
   <translation>{way}. 다시 읽어 보니 가장 그럴듯한 토큰이 같은 비율 {top1:.1%}, KL 발산 {kl:.2g}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/check.py" />
   <source>{why} Say how the rows are laid out, and which column plays which role.</source>
   <translation>{why} 행의 형식과 열의 역할을 정해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/shapes.py" />
   <source>“{column}” is the only column of text.</source>
   <translation>글이 있는 열은 ‘{column}’뿐이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/sources.py" />
   <source>“{first}” has the columns {expected}; “{other}” has {found}.</source>
   <translation>‘{first}’의 열은 {expected}인데 ‘{other}’은(는) {found}예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>“{folder}” belongs on top of the base model “{base}”.</source>
   <translation>‘{folder}’은(는) 사전학습 모델 ‘{base}’ 위에 얹는 거예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>“{folder}” has config.json but no safetensors file.</source>
   <translation>‘{folder}’에 config.json은 있지만 safetensors 파일이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>“{folder}” has no config.json.</source>
   <translation>‘{folder}’에 config.json이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>“{folder}” holds none of its files, such as tokenizer.json.</source>
   <translation>‘{folder}’에 tokenizer.json 같은 파일이 하나도 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/connection.py" />
   <source>“{model}” is neither a folder nor a model on the Hub.</source>
   <translation>‘{model}’은(는) 폴더도 Hub의 모델도 아니에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/model_files.py" />
   <source>“{model}” is no model of the Hub.</source>
   <translation>“{model}” 모델은 Hub에 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>“{name}” asks for consent before it is given out.</source>
   <translation>‘{name}’은(는) 동의해야 받을 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>“{name}” brings its own code, which is not run here.</source>
   <translation>‘{name}’은(는) 자체 코드가 있는데 여기서는 실행하지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/repository.py" />
   <source>“{name}” can be no branch.</source>
   <translation>“{name}”은(는) 브랜치 이름이 될 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/hub_failures.py" />
   <location filename="../../finetune_studio/export/repository.py" />
   <source>“{name}” can be no name on the Hub.</source>
   <translation>“{name}”은(는) Hub에서 쓸 수 없는 이름이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>“{name}” cannot be opened.</source>
   <translation>‘{name}’을(를) 열 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>“{name}” cannot be read as a dataset.</source>
   <translation>‘{name}’을(를) 데이터셋으로 읽을 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/containers.py" />
   <source>“{name}” could not be unpacked.</source>
   <translation>‘{name}’을(를) 풀지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/writing.py" />
   <source>“{name}” could not be written.</source>
   <translation>‘{name}’에 쓰지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/download.py" />
   <source>“{name}” does not have the hash that the Hub tells.</source>
   <translation>‘{name}’의 해시가 Hub가 알려 준 것과 달라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/objects.py" />
   <source>“{name}” does not hold rows.</source>
   <translation>‘{name}’에 행이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/writing.py" />
   <source>“{name}” ends in no format that can be written.</source>
   <translation>‘{name}’의 확장자로는 쓸 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/table.py" />
   <source>“{name}” has a quotation mark that does not close rightly.</source>
   <translation>‘{name}’에 바르게 닫히지 않은 따옴표가 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/table.py" />
   <source>“{name}” has a row that does not fit its header.</source>
   <translation>‘{name}’에 머리글과 맞지 않는 행이 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>“{name}” has no configuration “{config}”.</source>
   <translation>‘{name}’에 ‘{config}’ 구성이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/workbook.py" />
   <source>“{name}” has no sheet “{sheet}”.</source>
   <translation>‘{name}’에 ‘{sheet}’ 시트가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>“{name}” has no split “{split}”.</source>
   <translation>‘{name}’에 ‘{split}’ 부분이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>“{name}” has several configurations.</source>
   <translation>‘{name}’에 구성이 여럿 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/workbook.py" />
   <source>“{name}” has several filled sheets.</source>
   <translation>‘{name}’에 채워진 시트가 여럿 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>“{name}” has several splits.</source>
   <translation>‘{name}’이(가) 여러 부분으로 나뉘어 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/limits.py" />
   <source>“{name}” has two columns named “{column}”.</source>
   <translation>‘{name}’에 ‘{column}’ 열이 둘 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/engine/streaming.py" />
   <source>“{name}” has values beyond {largest:,.0f}.</source>
   <translation>“{name}”에 {largest:,.0f}을 넘는 값이 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/containers.py" />
   <source>“{name}” holds a file that would land outside of its folder.</source>
   <translation>‘{name}’에 폴더 밖으로 나가는 파일이 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/limits.py" />
   <source>“{name}” holds a row that is too large.</source>
   <translation>‘{name}’에 너무 큰 행이 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/encoding.py" />
   <source>“{name}” holds a web page, and no rows.</source>
   <translation>‘{name}’에는 행이 아니라 웹 페이지가 들어 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/layouts.py" />
   <source>“{name}” holds more than one list of rows.</source>
   <translation>‘{name}’에 행의 목록이 여럿 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <location filename="../../finetune_studio/data/sources.py" />
   <location filename="../../finetune_studio/data/workbook.py" />
   <source>“{name}” holds no row.</source>
   <translation>‘{name}’에 행이 하나도 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/contents.py" />
   <source>“{name}” holds “{place}…”, which everybody could read.</source>
   <translation>“{name}”에 “{place}…”이(가) 들어 있어 누구나 읽을 수 있게 돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>“{name}” is a pickle file: loading it can run any code.</source>
   <translation>‘{name}’은(는) 피클 파일이에요. 읽으면 아무 코드나 실행될 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>“{name}” is a pointer of Git LFS: it names the data and does not hold it.</source>
   <translation>‘{name}’은(는) Git LFS 포인터예요. 데이터의 이름만 있고 데이터는 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>“{name}” is also a folder here, so which one is meant is open.</source>
   <translation>‘{name}’은(는) 여기 폴더이기도 해서 어느 쪽인지 몰라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/scanner.py" />
   <source>“{name}” is broken JSON.</source>
   <translation>‘{name}’의 JSON이 깨져 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/compression.py" />
   <source>“{name}” is cut off or damaged.</source>
   <translation>‘{name}’이(가) 끊겼거나 손상됐어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>“{name}” is empty.</source>
   <translation>‘{name}’이(가) 비어 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/workbook.py" />
   <source>“{name}” is locked with a password, or an old Excel file.</source>
   <translation>‘{name}’에 암호가 걸렸거나 옛 엑셀 파일이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/containers.py" />
   <source>“{name}” is locked with a password.</source>
   <translation>‘{name}’에 암호가 걸려 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <source>“{name}” is made for running a model, and its weights are usually rounded.</source>
   <translation>‘{name}’은(는) 실행용이고 가중치가 대개 어림돼 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/weights.py" />
   <source>“{name}” is missing, which {index} names.</source>
   <translation>{index}에 적힌 ‘{name}’이(가) 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>“{name}” is neither a file nor a folder.</source>
   <translation>‘{name}’은(는) 파일도 폴더도 아니에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/workbook.py" />
   <source>“{name}” is no Excel workbook.</source>
   <translation>‘{name}’은(는) 엑셀 파일이 아니에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/export/gguf_header.py" />
   <source>“{name}” is no GGUF file, or is damaged.</source>
   <translation>“{name}”은 GGUF 파일이 아니거나 손상됐어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/readers/columnar.py" />
   <source>“{name}” is no whole {kind} file.</source>
   <translation>‘{name}’은(는) 온전한 {kind} 파일이 아니에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/encoding.py" />
   <source>“{name}” is not text in a known encoding.</source>
   <translation>‘{name}’은(는) 아는 인코딩의 글이 아니에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/encoding.py" />
   <source>“{name}” is not text.</source>
   <translation>‘{name}’은(는) 글이 아니에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/files.py" />
   <source>“{name}” is of a kind that cannot be read.</source>
   <translation>‘{name}’은(는) 읽을 수 없는 종류의 파일이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/commands/push.py" />
   <source>“{name}” lies there from before and stays; remove it if it is outdated.</source>
   <translation>전에 올린 “{name}”이(가) 그곳에 남아 있어요. 쓰지 않는다면 지우세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/hub.py" />
   <source>“{name}” names no dataset.</source>
   <translation>‘{name}’은(는) 데이터셋 이름이 아니에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/tokens/loading.py" />
   <source>“{name}” of the model cannot be read.</source>
   <translation>모델의 ‘{name}’을(를) 읽을 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/compression.py" />
   <source>“{name}” unpacks to far more than data does.</source>
   <translation>‘{name}’을(를) 풀면 데이터라고 보기 어려울 만큼 커져요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/catalog/refusals.py" />
   <location filename="../../finetune_studio/catalog/weights.py" />
   <location filename="../../finetune_studio/engine/deltas.py" />
   <source>“{name}”: {why}.</source>
   <translation>‘{name}’: {why}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/data/shapes.py" />
   <source>“{text}” holds different texts, “{label}” a few that come again.</source>
   <translation>‘{text}’에는 서로 다른 글이, ‘{label}’에는 되풀이되는 몇 가지 값이 있어요.</translation>
  </message>
 </context>
 <context>
  <name>gui</name>
  <message numerus="yes">
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>%n day(s)</source>
   <translation>
    <numerusform>%n일</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>%n day(s) ago</source>
   <translation>
    <numerusform>%n일 전</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>%n hour(s)</source>
   <translation>
    <numerusform>%n시간</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>%n minute(s)</source>
   <translation>
    <numerusform>%n분</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>%n row(s)</source>
   <translation>
    <numerusform>%n행</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>%n second(s)</source>
   <translation>
    <numerusform>%n초</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>%n sequence(s)</source>
   <translation>
    <numerusform>시퀀스 %n개</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>%n step(s)</source>
   <translation>
    <numerusform>%n스텝</numerusform>
   </translation>
  </message>
  <message numerus="yes">
   <location filename="../../finetune_studio/gui/wizard.py" />
   <source>%n thing(s) stand in the way.</source>
   <translation>
    <numerusform>먼저 해결할 문제가 %n개 있어요.</numerusform>
   </translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_turn.py" />
   <location filename="../../finetune_studio/gui/pages/pairs.py" />
   <source>(it said nothing)</source>
   <translation>(아무 말도 하지 않았어요)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_turn.py" />
   <source>(no answer came)</source>
   <translation>(답을 받지 못했어요)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_facts.py" />
   <source>, and {more} for images</source>
   <translation>, 이미지용 {more} 별도</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>1 epoch</source>
   <translation>1에폭</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_gate.py" />
   <source>1. Read the licence and accept it on the model's page.</source>
   <translation>1. 모델 페이지에서 라이선스를 읽고 동의하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_levels.py" />
   <source>16-bit</source>
   <translation>16비트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_gate.py" />
   <source>2. Sign in with a token of the same account; reading is enough.</source>
   <translation>2. 같은 계정의 토큰으로 로그인하세요. 읽기 권한이면 충분해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_gate.py" />
   <source>3. Ask the Hub whether it lets you in.</source>
   <translation>3. 허용되었는지 Hub에 물어보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>4 bits (NF4)</source>
   <translation>4비트(NF4)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>8 bits</source>
   <translation>8비트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_levels.py" />
   <source>8-bit</source>
   <translation>8비트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/scores.py" />
   <source>95 % sure: {low} to {high}</source>
   <translation>95 % 신뢰구간: {low} ~ {high}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>= steps an epoch</source>
   <translation>= 에폭당 스텝</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_levels.py" />
   <source>A block of 64 weights is divided by its largest, so all lie between -1 and 1. Levels: Dettmers et al. 2023, QLoRA, as in bitsandbytes; 8 bits: Dettmers et al. 2022, LLM.int8(); 16 bits: bfloat16.</source>
   <translation>가중치를 64개씩 묶어 가장 큰 값으로 나누므로 모두 -1과 1 사이에 있어요. 눈금: Dettmers 외 2023, QLoRA(bitsandbytes와 같음), 8비트: Dettmers 외 2022, LLM.int8(), 16비트: bfloat16.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_dialog.py" />
   <source>A dataset of the Hub</source>
   <translation>Hub의 데이터셋</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/data_sources.py" />
   <source>A dataset of the Hub …</source>
   <translation>Hub의 데이터셋…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/dataset.py" />
   <source>A folder</source>
   <translation>폴더</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer.py" />
   <source>A folder with a tokenizer</source>
   <translation>토크나이저가 있는 폴더</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/data_sources.py" />
   <source>A folder …</source>
   <translation>폴더…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_turn.py" />
   <location filename="../../finetune_studio/gui/pages/pairs.py" />
   <source>A is better</source>
   <translation>A가 나아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>A longer sequence length keeps them.</source>
   <translation>시퀀스 길이를 늘리면 남아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_folder.py" />
   <source>A model on this disk</source>
   <translation>이 디스크에 있는 모델</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/convert_card.py" />
   <source>A new file with the applied steps in it; yours stay as they are.</source>
   <translation>적용한 단계가 담긴 새 파일로 저장해요. 원본은 그대로예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/convert_card.py" />
   <source>A new file; yours stay as they are.</source>
   <translation>새 파일로 저장해요. 원본은 그대로예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/options.py" />
   <source>A run holds its checkpoints, which may need many GB.</source>
   <translation>실행에는 체크포인트가 함께 저장돼서 수십 GB가 될 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/split_lines.py" />
   <source>A share of the rows</source>
   <translation>행의 일부</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_gate.py" />
   <source>A token is kept in the Hub's own file, which only you can read.</source>
   <translation>토큰이 Hub의 전용 파일에 저장되어 있고, 나만 읽을 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_gate.py" />
   <source>A token is kept in the system's keyring.</source>
   <translation>토큰이 시스템 키링에 저장되어 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_sign_in.py" />
   <location filename="../../finetune_studio/gui/pages/model_gate.py" />
   <source>A token is set for this session by HF_TOKEN.</source>
   <translation>이번 세션에는 HF_TOKEN의 토큰을 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_turn.py" />
   <location filename="../../finetune_studio/gui/pages/pairs.py" />
   <source>About the same</source>
   <translation>비슷해요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>About this model</source>
   <translation>이 모델 정보</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/widgets/memory_bar.py" />
   <source>Activations</source>
   <translation>활성값</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>AdamW, 8-bit</source>
   <translation>AdamW 8비트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>AdamW, 8-bit, paged</source>
   <translation>AdamW 8비트 페이징</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <location filename="../../finetune_studio/gui/pages/export_words.py" />
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <location filename="../../finetune_studio/gui/widgets/memory_bar.py" />
   <source>Adapter</source>
   <translation>어댑터</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/files_card.py" />
   <source>Add</source>
   <translation>추가</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/field.py" />
   <source>Advised</source>
   <translation>추천값</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/field.py" />
   <source>Advised {value}: {reason}.</source>
   <translation>추천값 {value}: {reason}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>After an interruption or a full disk it goes on where it was.</source>
   <translation>끊기거나 디스크가 가득 차도 멈춘 곳부터 이어서 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/data_sources.py" />
   <source>All files</source>
   <translation>모든 파일</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>All {count}</source>
   <translation>모두 {count}개</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_taking.py" />
   <source>Allow it for this model</source>
   <translation>이 모델만 허용</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>Allow it …</source>
   <translation>허용하기…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>Already here</source>
   <translation>이미 받은 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <source>Answer</source>
   <translation>답</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_turn.py" />
   <location filename="../../finetune_studio/gui/pages/pairs.py" />
   <source>Answer A</source>
   <translation>답 A</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_turn.py" />
   <location filename="../../finetune_studio/gui/pages/pairs.py" />
   <source>Answer B</source>
   <translation>답 B</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Answers cut off</source>
   <translation>중간에 끊긴 답</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/quality_card.py" />
   <source>Applied steps</source>
   <translation>적용한 단계</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/reading_card.py" />
   <source>As the model is given it</source>
   <translation>모델에 입력되는 형태</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method.py" />
   <source>As the settings are it does not fit ({short}). With this alone it does: {changes}.</source>
   <translation>지금 설정으로는 들어가지 않아요({short}). 이것만 바꾸면 들어가요: {changes}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/options.py" />
   <source>As the system</source>
   <translation>시스템 설정</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_hub.py" />
   <source>Ask again</source>
   <translation>다시 물어보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>Ask for it …</source>
   <translation>권한 요청…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_gate.py" />
   <source>Ask the Hub</source>
   <translation>Hub에 물어보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <source>Asking the Hub what there is</source>
   <translation>Hub에 무엇이 있는지 확인하고 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_progress.py" />
   <source>Asking the Hub what there is …</source>
   <translation>Hub에서 파일 목록을 받고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_gate.py" />
   <location filename="../../finetune_studio/gui/pages/model_hub.py" />
   <source>Asking the Hub …</source>
   <translation>Hub에 물어보고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>Asking what there is …</source>
   <translation>무엇이 있는지 물어보고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_place.py" />
   <source>At most {size} was in use while it trained.</source>
   <translation>학습하는 동안 쓴 최고 메모리는 {size}예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>Automatic</source>
   <translation>자동</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_fp8.py" />
   <source>Available</source>
   <translation>쓸 수 있음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_turn.py" />
   <location filename="../../finetune_studio/gui/pages/pairs.py" />
   <source>B is better</source>
   <translation>B가 나아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/wizard.py" />
   <source>Back</source>
   <translation>이전</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>Back from the ids comes another text: the tokenizer changes it.</source>
   <translation>토큰을 다시 디코딩하면 다른 글이 나와요. 토크나이저가 글자를 바꿔요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/rows_card.py" />
   <source>Back to the first rows</source>
   <translation>첫 행들로 돌아가기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_fp8.py" />
   <source>Base in fp8</source>
   <translation>fp8로 담기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_turn.py" />
   <location filename="../../finetune_studio/gui/pages/pairs.py" />
   <source>Base model</source>
   <translation>사전학습 모델</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>Basic {count}</source>
   <translation>기본 {count}개</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/samples.py" />
   <source>Before training</source>
   <translation>학습 전</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer_facts.py" />
   <source>Begins a text</source>
   <translation>글의 시작</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/aside.py" />
   <source>Best checkpoint</source>
   <translation>가장 좋은 체크포인트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/overlay.py" />
   <source>Best step</source>
   <translation>가장 좋은 스텝</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/overlay.py" />
   <source>Best validation loss</source>
   <translation>가장 낮은 검증 손실</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <source>Better answer</source>
   <translation>더 나은 답</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/outcomes.py" />
   <source>Better in part</source>
   <translation>일부만 좋아졌어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>Build of PyTorch</source>
   <translation>PyTorch 빌드</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_list.py" />
   <source>By: {column}</source>
   <translation>정렬: {column}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/dataset.py" />
   <source>CSV, JSON, JSONL, Parquet, XLSX and TXT. Shape and encoding are found for you; your file is never changed.</source>
   <translation>CSV, JSON, JSONL, Parquet, XLSX, TXT를 읽어요. 형식과 글자 인코딩은 알아서 찾고, 원본은 바꾸지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_facts.py" />
   <source>Can be downloaded without signing in</source>
   <translation>로그인 없이 받을 수 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Cancel</source>
   <translation>그만두기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_progress.py" />
   <source>Cancel the download?</source>
   <translation>내려받기를 그만둘까요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Cancel the training</source>
   <translation>학습 그만두기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Cancel the training?</source>
   <translation>학습을 그만둘까요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_progress.py" />
   <source>Cancel …</source>
   <translation>그만두기…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <source>Cancelled: on the Hub all is as it was. The next upload goes on with what is missing.</source>
   <translation>그만두었어요. Hub에는 아무것도 바뀌지 않았고, 다시 올리면 남은 것부터 이어서 올라가요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_places.py" />
   <source>Catalogue</source>
   <translation>추천 목록</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>Change the build …</source>
   <translation>빌드 바꾸기…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/run_line.py" />
   <source>Changed since</source>
   <translation>학습 뒤 바뀜</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <source>Changes every weight. Learns most, weighs most.</source>
   <translation>모든 가중치를 바꿔요. 가장 많이 배우지만 가장 무거워요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <location filename="../../finetune_studio/gui/pages/chat_card.py" />
   <source>Chat</source>
   <translation>대화</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/machine.py" />
   <source>Check again</source>
   <translation>다시 점검</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>Check and repair</source>
   <translation>확인하고 고치기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_list.py" />
   <source>Check fit for</source>
   <translation>비교할 GPU</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_card.py" />
   <location filename="../../finetune_studio/gui/pages/measure_card.py" />
   <source>Check that the run's folder is there and the disk has room.</source>
   <translation>실행 폴더가 있는지, 디스크에 자리가 있는지 확인하세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/machine.py" />
   <source>Check the training set-up</source>
   <translation>학습 환경 점검</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_progress.py" />
   <source>Checking {file}</source>
   <translation>{file} 확인 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>Checkpoints and export</source>
   <translation>체크포인트와 내보내기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model.py" />
   <location filename="../../finetune_studio/gui/pages/model_folder.py" />
   <source>Choose a folder</source>
   <translation>폴더 고르기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/data_sources.py" />
   <source>Choose a folder of data</source>
   <translation>데이터 폴더 고르기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>Choose a model, and begin with your own data.</source>
   <translation>모델을 고르고 내 데이터로 시작해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method.py" />
   <source>Choose a smaller model, or a GPU with more memory.</source>
   <translation>더 작은 모델이나 메모리가 더 큰 GPU를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>Choose data, and the steps are reckoned here.</source>
   <translation>데이터를 고르면 스텝 수를 여기서 셈해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/data_sources.py" />
   <location filename="../../finetune_studio/gui/pages/dataset.py" />
   <source>Choose files</source>
   <translation>파일 고르기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/files_card.py" />
   <location filename="../../finetune_studio/gui/pages/split_lines.py" />
   <source>Choose others</source>
   <translation>다른 파일 고르기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>Choose some in the step before, or type a text of your own.</source>
   <translation>앞 단계에서 고르거나, 글을 직접 써 보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/dataset.py" />
   <source>Choose the data the model will learn from. Your files are only read.</source>
   <translation>모델이 배울 데이터를 고르세요. 파일은 읽기만 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/options.py" />
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>Choose …</source>
   <translation>고르기…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>Chosen by you. The other choice is made from the driver and the GPU.</source>
   <translation>직접 고른 빌드예요. ‘맞는 것’은 드라이버와 GPU를 보고 골라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/alerts.py" />
   <location filename="../../finetune_studio/gui/header.py" />
   <location filename="../../finetune_studio/gui/pages/hub_preview.py" />
   <location filename="../../finetune_studio/gui/pages/loading_code.py" />
   <location filename="../../finetune_studio/gui/work_strip.py" />
   <source>Close</source>
   <translation>닫기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <source>Close and keep training</source>
   <translation>닫고 계속 학습</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/overlay.py" />
   <source>Close the comparison</source>
   <translation>비교 닫기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/serve_card.py" />
   <source>Code that asks the server</source>
   <translation>서버에 묻는 코드</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/options.py" />
   <source>Colours</source>
   <translation>화면 테마</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_list.py" />
   <source>Commercial use</source>
   <translation>상업적 사용</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/export_line.py" />
   <location filename="../../finetune_studio/gui/pages/history.py" />
   <source>Compare</source>
   <translation>비교하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/export_line.py" />
   <source>Compare again</source>
   <translation>다시 비교하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/lengths.py" />
   <source>Compare with another …</source>
   <translation>다른 토크나이저와 비교…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/history.py" />
   <source>Compare {count}</source>
   <translation>{count}개 비교하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/history.py" />
   <source>Compare {name}</source>
   <translation>{name} 비교하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <source>Completion</source>
   <translation>이어질 글</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Compose</source>
   <translation>합치기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_dialog.py" />
   <source>Configuration</source>
   <translation>구성</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>Constant</source>
   <translation>그대로</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <source>Context</source>
   <translation>참고 글</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Contradicting labels</source>
   <translation>서로 어긋나는 레이블</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer_facts.py" />
   <source>Control tokens</source>
   <translation>제어 토큰</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <source>Conversation</source>
   <translation>대화</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/opening.py" />
   <source>Copied.</source>
   <translation>복사했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/header.py" />
   <location filename="../../finetune_studio/gui/pages/loading_code.py" />
   <location filename="../../finetune_studio/gui/pages/serve_card.py" />
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>Copy</source>
   <translation>복사</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/alerts.py" />
   <source>Copy details</source>
   <translation>자세한 내용 복사</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/serve_card.py" />
   <source>Copy the address</source>
   <translation>주소 복사</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/trainer_log.py" />
   <source>Copy the log</source>
   <translation>기록 복사</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>Cosine</source>
   <translation>코사인</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/dataset.py" />
   <location filename="../../finetune_studio/gui/pages/files_card.py" />
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <location filename="../../finetune_studio/gui/pages/quality_row.py" />
   <location filename="../../finetune_studio/gui/wizard.py" />
   <source>Counting the rows …</source>
   <translation>행을 세고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer.py" />
   <source>Counting the tokens …</source>
   <translation>토큰을 세고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Cut before it</source>
   <translation>그 앞까지 쓰기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>Cut {count}</source>
   <translation>잘린 토큰 {count}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/options.py" />
   <source>Dark</source>
   <translation>어둡게</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/header.py" />
   <source>Dark colours</source>
   <translation>어둡게</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/data_sources.py" />
   <location filename="../../finetune_studio/gui/pages/dataset.py" />
   <source>Data</source>
   <translation>데이터</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/terms_card.py" />
   <source>Data licence</source>
   <translation>데이터 라이선스</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>Decoding the ids gives the same text back.</source>
   <translation>토큰을 다시 디코딩하면 원문과 같아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/history.py" />
   <source>Delete the run</source>
   <translation>실행 지우기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/history.py" />
   <source>Delete this run?</source>
   <translation>이 실행을 지울까요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/history.py" />
   <source>Delete {name}</source>
   <translation>{name} 지우기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/project.py" />
   <source>Demo</source>
   <translation>데모</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model.py" />
   <location filename="../../finetune_studio/gui/pages/model_own.py" />
   <location filename="../../finetune_studio/gui/pages/model_places.py" />
   <source>Demo model</source>
   <translation>데모 모델</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/alerts.py" />
   <source>Details</source>
   <translation>자세한 내용</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/aside.py" />
   <source>Device</source>
   <translation>장치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>Disk</source>
   <translation>디스크</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_taking.py" />
   <source>Do not run it</source>
   <translation>실행하지 않기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <source>Do not save</source>
   <translation>저장 안 함</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>Does not fit</source>
   <translation>안 들어감</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/run_line.py" />
   <source>Done</source>
   <translation>완료</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <location filename="../../finetune_studio/gui/pages/model_progress.py" />
   <location filename="../../finetune_studio/gui/pages/model_table.py" />
   <source>Download</source>
   <translation>내려받기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_words.py" />
   <source>Download and check every file</source>
   <translation>파일을 내려받고 하나씩 확인하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_places.py" />
   <source>Downloaded</source>
   <translation>받은 모델</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/machine.py" />
   <source>Driver {version}</source>
   <translation>드라이버 {version}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/dataset.py" />
   <source>Drop files here</source>
   <translation>파일을 여기에 끌어다 놓으세요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>Each has a reason and a source. You may leave them as they are.</source>
   <translation>값마다 이유와 출처가 있어요. 그대로 두어도 괜찮아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/wizard.py" />
   <source>Earlier runs</source>
   <translation>지난 실행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>Early stopping ended it: validation loss had not fallen since step {step}, and that checkpoint is kept.</source>
   <translation>{step}스텝 뒤로 검증 손실이 더 내려가지 않아 조기 종료로 끝났어요. 그 체크포인트를 남겼어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Empty turns</source>
   <translation>빈 차례</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/work_strip.py" />
   <source>End it and close</source>
   <translation>멈추고 닫기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <source>End it and leave</source>
   <translation>그만두고 나가기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer_facts.py" />
   <source>Ends a text</source>
   <translation>글의 끝</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/data_sources.py" />
   <source>English questions and answers (153 rows)</source>
   <translation>영어 질문과 답 (153행)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/longer.py" />
   <source>Epochs in all</source>
   <translation>전체 에폭</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Even out</source>
   <translation>고르게 맞추기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/options.py" />
   <source>Every choice counts at once.</source>
   <translation>고르는 즉시 적용돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>Every file is compared with a hash before it is used.</source>
   <translation>모든 파일은 해시를 비교해 본 뒤에 써요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/history.py" />
   <source>Every run on this computer, the newest first.</source>
   <translation>이 컴퓨터의 모든 실행이에요. 최근 것이 위에 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>Everything</source>
   <translation>모두</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/machine.py" />
   <source>Everything is ready to train.</source>
   <translation>학습할 준비가 다 됐어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/header.py" />
   <source>Everything that is decided, as a file</source>
   <translation>정한 것을 모두 담은 파일</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer.py" />
   <source>Exactly as the trainer sees it. Underlined teal is learned; grey is only read.</source>
   <translation>학습기가 실제로 보는 그대로예요. 밑줄 있는 청록 토큰만 배우고, 회색은 읽기만 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/run_line.py" />
   <source>Failed</source>
   <translation>실패</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/result_words.py" />
   <source>Figures before and after, answers side by side, a conversation with your model, and the model as files.</source>
   <translation>전과 후의 점수, 나란히 놓은 답, 내 모델과의 대화, 내보낸 파일이 여기에 놓여요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_preview.py" />
   <source>Files</source>
   <translation>파일</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <source>Files of another upload are still there, too: {names}</source>
   <translation>전에 올린 다른 모델의 파일이 남아 있어요: {names}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/data_sources.py" />
   <source>Files …</source>
   <translation>파일…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer_facts.py" />
   <source>Fills up</source>
   <translation>채움</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_words.py" />
   <source>Find what fits this computer</source>
   <translation>이 컴퓨터에 맞는 것 찾기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>Fits</source>
   <translation>메모리 충분</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_list.py" />
   <source>Fits with LoRA</source>
   <translation>LoRA 가능</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>Folder</source>
   <translation>폴더</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>For now: {build}</source>
   <translation>지금은: {build}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>Forbid it</source>
   <translation>허용 취소</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/convert_card.py" />
   <source>Format</source>
   <translation>형식</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/options.py" />
   <source>Forms open with the advanced settings too.</source>
   <translation>세부 설정을 열 때 고급 설정까지 보여 줘요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/machine.py" />
   <source>Free disk space</source>
   <translation>디스크 여유 공간</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/dataset.py" />
   <source>From the Hub</source>
   <translation>Hub에서</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>From the bundle {name}; use the internet instead</source>
   <translation>묶음 {name}에서 설치해요. 인터넷에서 받기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>From tokens to overfitting, a short page for each step.</source>
   <translation>토큰부터 과적합까지 단계별로 짧게 설명해 드려요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <source>Full</source>
   <translation>전체 학습</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/llama_line.py" />
   <source>GGUF needs llama.cpp, which is not here yet: 77 MB from PyPI, and about 5 minutes to build. It goes on while you do something else.</source>
   <translation>GGUF에는 llama.cpp가 필요한데 아직 없어요. PyPI에서 77 MB를 받아 5분쯤 빌드해요. 그동안 다른 일을 해도 돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>GPU memory</source>
   <translation>GPU 메모리</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/machine.py" />
   <source>GPU memory in use</source>
   <translation>쓰고 있는 GPU 메모리</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_list.py" />
   <source>GPU to check the fit for</source>
   <translation>들어가는지 비교할 GPU</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/llama_line.py" />
   <source>Get it</source>
   <translation>받아서 설치하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/work_strip.py" />
   <source>Getting llama.cpp …</source>
   <translation>llama.cpp를 받고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>Getting ready</source>
   <translation>준비하고 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>Given</source>
   <translation>입력</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>Given {count}</source>
   <translation>주어지는 토큰 {count}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_dialog.py" />
   <location filename="../../finetune_studio/gui/pages/place.py" />
   <source>Go back</source>
   <translation>돌아가기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_progress.py" />
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <location filename="../../finetune_studio/gui/pages/setup_progress.py" />
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Go on</source>
   <translation>계속하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <source>Go on editing</source>
   <translation>계속 고치기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>Go on with a recipe or an earlier run.</source>
   <translation>레시피나 이전 학습을 불러와 이어서 진행해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/results.py" />
   <source>Go to the training</source>
   <translation>학습으로 가기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>Gradient norm</source>
   <translation>그래디언트 크기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/widgets/memory_bar.py" />
   <source>Gradients</source>
   <translation>그래디언트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>Halve the learning rate</source>
   <translation>학습률 절반으로</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer_facts.py" />
   <source>Hide the chat template</source>
   <translation>대화 템플릿 접기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/quality_row.py" />
   <source>Hide the examples</source>
   <translation>예시 접기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>Hide the text</source>
   <translation>글 접기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_card.py" />
   <location filename="../../finetune_studio/gui/pages/pairs.py" />
   <source>Hide which is which</source>
   <translation>블라인드 비교</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/scores.py" />
   <source>Higher is better.</source>
   <translation>높을수록 좋아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_fp8.py" />
   <source>Holds the frozen weights in 8-bit floats instead of 16 bits: half the memory for them, and faster, because the GPU multiplies them as they are. They are rounded a little; the adapter, which is learned, is not. Source: Micikevicius et al. 2022, FP8 Formats for Deep Learning.</source>
   <translation>얼린 가중치를 16비트 대신 8비트 부동소수로 담아요. 가중치가 쓰는 메모리가 절반이 되고, GPU가 그대로 곱하니 더 빨라요. 가중치는 조금 반올림되지만, 배우는 어댑터는 그대로예요. 출처: Micikevicius 외 2022, FP8 Formats for Deep Learning.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <source>Holds the weights in 4 bits (NF4) and learns an adapter.</source>
   <translation>가중치를 4비트(NF4)로 줄이고 어댑터를 배워요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <source>Holds the weights in 8 bits and learns an adapter.</source>
   <translation>가중치를 8비트로 줄이고 어댑터를 배워요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <source>Holds the weights in 8-bit floats and learns an adapter.</source>
   <translation>가중치를 8비트 부동소수로 담고 어댑터를 배워요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>How far each step goes: it rises in the warm-up, then falls.</source>
   <translation>한 스텝에 얼마나 움직이는지예요. 워밍업 동안 오르고, 그 뒤로 내려가요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/longer.py" />
   <source>How far shall it go on?</source>
   <translation>얼마나 더 학습할까요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>How fast the machine learns: tokens that go through it in a second.</source>
   <translation>기계가 배우는 속도예요. 1초에 지나가는 토큰 수예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/measure_card.py" />
   <source>How good is it?</source>
   <translation>얼마나 좋아졌나요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>How it goes is said here when the validation loss has been measured for a second time.</source>
   <translation>검증 손실을 두 번째로 잰 뒤부터 어떻게 되어 가는지 여기에 알려 드려요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>How it is built is known once it is downloaded; then it is reckoned.</source>
   <translation>구조는 내려받은 뒤에 알 수 있어요. 그때 메모리를 계산해 드려요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>How many steps</source>
   <translation>스텝 계산</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>How much at a time</source>
   <translation>배치와 길이</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>How often the model's first guess is the right next token.</source>
   <translation>모델이 첫 번째로 고른 다음 토큰이 맞는 비율이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method.py" />
   <source>How shall we train it?</source>
   <translation>어떻게 가르칠까요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>How strongly a step wants to change the weights. Peaks are wild steps; a rise that stays is a learning rate that is too high.</source>
   <translation>한 스텝이 가중치를 얼마나 세게 바꾸려 하는지예요. 튀는 곳은 거친 스텝이고, 오른 채 내려오지 않으면 학습률이 너무 높은 거예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>How surprised the model is by the right answers; lower is better.</source>
   <translation>정답에 모델이 얼마나 놀라는지예요. 낮을수록 좋아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <source>How the rows are laid out</source>
   <translation>행의 형식</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/options.py" />
   <source>How would you like it?</source>
   <translation>어떻게 쓰고 싶으세요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_sign_in.py" />
   <location filename="../../finetune_studio/gui/pages/model_gate.py" />
   <source>Hub token</source>
   <translation>Hub 토큰</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>If it is learned in one batch with the rows after it.</source>
   <translation>바로 뒤의 행들과 한 배치로 배울 때예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>In all</source>
   <translation>합계</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/pairs.py" />
   <source>In the data: {answer}</source>
   <translation>데이터의 답: {answer}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>In use</source>
   <translation>사용 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <source>Input</source>
   <translation>입력</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>Install</source>
   <translation>설치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>Install ({size})</source>
   <translation>설치 ({size})</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_words.py" />
   <source>Install it in a folder of its own</source>
   <translation>따로 둔 폴더에 설치하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>Install what is here</source>
   <translation>받아 둔 것으로 설치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>Install what training needs into its Python, then start it again:</source>
   <translation>학습에 필요한 것을 이 프로그램의 Python에 설치하고 다시 시작해 주세요:</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <source>Instruction</source>
   <translation>지시</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>Is this computer ready to train?</source>
   <translation>이 컴퓨터는 학습할 준비가 됐나요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>It begins to learn by heart</source>
   <translation>외우기 시작했어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training.py" />
   <source>It cannot start yet</source>
   <translation>아직 시작할 수 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/files_card.py" />
   <source>It could not be read.</source>
   <translation>읽지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/outcomes.py" />
   <location filename="../../finetune_studio/gui/pages/results.py" />
   <source>It did not get better</source>
   <translation>좋아지지 않았어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <source>It ends when you leave the project, and nothing half-written stays.</source>
   <translation>프로젝트를 나가면 저장을 그만둬요. 쓰다 만 파일은 남지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <source>It ends when you leave the project; the next upload goes on with what is missing.</source>
   <translation>프로젝트를 떠나면 멈춰요. 다시 올리면 남은 것부터 이어서 올라가요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <source>It ends when you leave the project; what was measured before stays.</source>
   <translation>프로젝트를 떠나면 멈춰요. 전에 평가한 결과는 그대로 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/work_strip.py" />
   <source>It ends with the window, and begins anew the next time you ask for it.</source>
   <translation>창을 닫으면 멈추고, 다음에 다시 받을 때 처음부터 시작해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/notices.py" />
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>It finds nothing any more.</source>
   <translation>이제는 해당하는 행이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method.py" />
   <source>It fits ({room}), rounds no weight and trains {share} of the model. Adapters on all linear layers usually come close to full training and forget less. Source: Dettmers et al. 2023, QLoRA; Biderman et al. 2024, LoRA learns less and forgets less.</source>
   <translation>메모리에 들어가고({room}), 가중치를 반올림하지 않으며, 모델의 {share}만 학습해요. 모든 선형 층에 어댑터를 달면 대개 전체 학습에 가깝게 배우고 덜 잊어요. 출처: Dettmers 외 2023, QLoRA; Biderman 외 2024, LoRA Learns Less and Forgets Less.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/longer.py" />
   <source>It goes on from its last checkpoint. The learning rate follows the longer schedule.</source>
   <translation>마지막 체크포인트에서 이어 가고, 학습률은 길어진 스케줄을 따라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <source>It goes on without the window. When you open the project again, you see it as it stands then.</source>
   <translation>창을 닫아도 학습은 계속돼요. 프로젝트를 다시 열면 그때의 모습을 볼 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/outcomes.py" />
   <location filename="../../finetune_studio/gui/pages/results.py" />
   <source>It got better</source>
   <translation>좋아졌어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>It hardly improved in the end</source>
   <translation>끝에는 거의 나아지지 않았어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>It hardly improves any more</source>
   <translation>이제 거의 나아지지 않아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>It has all your rights on this machine.</source>
   <translation>이 컴퓨터에서 내 권한을 모두 가져요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/longer.py" />
   <source>It has learned {count} steps so far.</source>
   <translation>지금까지 {count}스텝을 배웠어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/header.py" />
   <source>It has no file yet.</source>
   <translation>아직 파일이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/longer.py" />
   <source>It has seen every row {count} times so far.</source>
   <translation>지금까지 모든 행을 {count}번 봤어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_card.py" />
   <source>It is answering …</source>
   <translation>답하고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>It is going well</source>
   <translation>잘 되고 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_sign_in.py" />
   <source>It is kept, but uploading needs one of the kind “write”.</source>
   <translation>저장해 두었지만, 올리려면 쓰기(write) 토큰이 필요해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <source>It is there: {url}</source>
   <translation>올라갔어요: {url}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/outcomes.py" />
   <location filename="../../finetune_studio/gui/pages/results.py" />
   <source>It is trained</source>
   <translation>학습이 끝났어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>It learned longer than it helped</source>
   <translation>필요 이상으로 오래 학습했어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>It learned more and more by heart</source>
   <translation>갈수록 외우기만 했어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_fp8.py" />
   <source>It needs compute capability {need}, as RTX 40 and 50, L4, L40S and H100 have; {gpu} has {have}.</source>
   <translation>연산 능력(compute capability) {need} 이상이 필요해요. RTX 40·50, L4, L40S, H100이 그래요. {gpu}의 연산 능력은 {have}예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>It needs to run its own code</source>
   <translation>자체 코드를 실행해야 하는 모델이에요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>It runs in the Python that this program runs in.</source>
   <translation>이 프로그램과 같은 Python에서 학습해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>It speaks Korean: “I want to go on a train journey” – “The journey of your dreams.” Underlined in teal: what the model learns to say.</source>
   <translation>밑줄 친 청록색 부분을 모델이 배워요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>It starts at the full rate, without a warm-up.</source>
   <translation>워밍업 없이 처음부터 설정한 학습률로 시작해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>It was getting better</source>
   <translation>나아지고 있었어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>It was stopped in time</source>
   <translation>제때 멈췄어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/measure_card.py" />
   <source>It was trained further after it was measured.</source>
   <translation>평가한 뒤에 더 학습했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>It went well</source>
   <translation>잘 됐어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_folder.py" />
   <source>Its folder holds config.json, the safetensors weights and the tokenizer.</source>
   <translation>config.json, safetensors 가중치, 토크나이저가 든 폴더를 고르세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <source>Its maker does not name Korean</source>
   <translation>만든 곳에서 한국어를 내세우지 않아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_facts.py" />
   <source>Its maker lets people in one by one</source>
   <translation>만든 곳이 한 사람씩 허용해요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <source>Its maker names Korean among its languages</source>
   <translation>만든 곳이 한국어를 지원 언어로 꼽아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_dialog.py" />
   <source>Its name as on the page of the dataset. The data is downloaded when you use it; no code from there is run.</source>
   <translation>데이터셋 페이지에 적힌 이름을 쓰세요. 데이터는 쓸 때 내려받고, 거기 있는 코드는 실행하지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>Its own code may run</source>
   <translation>자체 코드를 실행할 수 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_progress.py" />
   <source>Keep downloading</source>
   <translation>계속 받기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/history.py" />
   <location filename="../../finetune_studio/gui/pages/model_kept.py" />
   <source>Keep it</source>
   <translation>그대로 두기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Keep the first</source>
   <translation>처음 것만 남기기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <location filename="../../finetune_studio/gui/work_strip.py" />
   <source>Keep the window open</source>
   <translation>창 열어 두기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/split_lines.py" />
   <source>Keep together by</source>
   <translation>함께 묶을 열</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Keep training</source>
   <translation>계속 학습</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/quality_card.py" />
   <source>Kept in the recipe; your files stay as they are.</source>
   <translation>레시피에 적혀요. 원본 파일은 그대로예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/serve_card.py" />
   <source>Key</source>
   <translation>키</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_table.py" />
   <source>Korean</source>
   <translation>한국어</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/data_sources.py" />
   <source>Korean film reviews with labels (3,000 rows)</source>
   <translation>한국어 영화 평과 레이블 (3,000행)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_list.py" />
   <source>Korean first, newest first</source>
   <translation>한국어 우선, 최신순</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_list.py" />
   <source>Korean native</source>
   <translation>한국어 특화</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/data_sources.py" />
   <source>Korean questions and answers (1,500 rows)</source>
   <translation>한국어 질문과 답 (1,500행)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/data_sources.py" />
   <source>Korean text (400 lines)</source>
   <translation>한국어 글 (400줄)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <source>Korean was added to another maker's model</source>
   <translation>다른 곳의 모델에 한국어를 더했어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <source>Korean: {level}</source>
   <translation>한국어: {level}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <location filename="../../finetune_studio/gui/pages/reading_card.py" />
   <source>Label</source>
   <translation>레이블</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>Labelled text</source>
   <translation>레이블 있는 텍스트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>Labels</source>
   <translation>레이블</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/options.py" />
   <source>Language</source>
   <translation>언어</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_gate.py" />
   <source>Later</source>
   <translation>나중에</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <location filename="../../finetune_studio/gui/wizard.py" />
   <source>Learn</source>
   <translation>배우기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>Learned</source>
   <translation>정답</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>Learned label: {label}</source>
   <translation>배우는 레이블: {label}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Learned rows among the measured</source>
   <translation>검증에 섞인 학습 행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>Learned {count}</source>
   <translation>배우는 토큰 {count}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>Learning rate</source>
   <translation>학습률</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>Learning rate by step</source>
   <translation>스텝별 학습률</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>Learning speed</source>
   <translation>학습 속도</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/longer.py" />
   <source>Leave it</source>
   <translation>그대로 두기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Leave out</source>
   <translation>빼기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/convert_card.py" />
   <source>Leave these rows out</source>
   <translation>이 행들 빼기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <source>Leaves the weights alone and learns a small adapter.</source>
   <translation>원래 가중치는 두고 작은 어댑터만 배워요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>Less</source>
   <translation>줄이기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_words.py" />
   <source>Let it compute, as training will</source>
   <translation>학습할 때처럼 계산해 보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_taking.py" />
   <source>Let {name} run its own code?</source>
   <translation>{name}의 자체 코드를 실행하게 할까요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Letters in parts (NFD)</source>
   <translation>풀어진 한글(NFD)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/widgets/memory_bar.py" />
   <source>Libraries and slack</source>
   <translation>라이브러리·여유분</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <location filename="../../finetune_studio/gui/pages/model_table.py" />
   <source>Licence</source>
   <translation>라이선스</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/options.py" />
   <source>Light</source>
   <translation>밝게</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/header.py" />
   <source>Light colours</source>
   <translation>밝게</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>Linear</source>
   <translation>직선</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_place.py" />
   <source>Live plan</source>
   <translation>예상 계획</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method.py" />
   <source>LoRA does not fit ({short}); with rounded weights it does ({room}). Scores are usually alike. Source: Dettmers et al. 2023, QLoRA.</source>
   <translation>LoRA는 들어가지 않지만({short}), 가중치를 양자화하면 들어가요({room}). 점수는 대개 비슷해요. 출처: Dettmers 외 2023, QLoRA.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <source>LoRA, fp8 base</source>
   <translation>LoRA (fp8)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/loading_code.py" />
   <source>Load it elsewhere</source>
   <translation>다른 곳에서 불러오기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/loading_code.py" />
   <location filename="../../finetune_studio/gui/pages/results.py" />
   <source>Loading code</source>
   <translation>불러오는 코드</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Loading the model</source>
   <translation>모델을 불러오고 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/evaluating.py" />
   <location filename="../../finetune_studio/gui/pages/chat_card.py" />
   <location filename="../../finetune_studio/gui/pages/serve_card.py" />
   <source>Loading the model …</source>
   <translation>모델을 불러오고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/serve_card.py" />
   <source>Local server</source>
   <translation>로컬 서버</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/trainer_log.py" />
   <source>Log</source>
   <translation>기록</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/dataset.py" />
   <source>Look again</source>
   <translation>다시 읽기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/quality_card.py" />
   <source>Look at every row</source>
   <translation>모든 행 살펴보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/options.py" />
   <source>Look at the set-up …</source>
   <translation>학습 환경 보기…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_dialog.py" />
   <source>Look it up</source>
   <translation>찾아보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/quality_card.py" />
   <source>Looking at every row … {share:.0%}</source>
   <translation>모든 행을 살펴보고 있어요… {share:.0%}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>Looking at the data …</source>
   <translation>데이터를 살펴보고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/machine.py" />
   <source>Looking at this machine …</source>
   <translation>이 컴퓨터를 살펴보고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_gate.py" />
   <source>Looking for a token …</source>
   <translation>토큰을 찾고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_dialog.py" />
   <source>Looking it up …</source>
   <translation>찾아보고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/machine.py" />
   <source>Looking …</source>
   <translation>살펴보고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>Loss</source>
   <translation>손실</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <location filename="../../finetune_studio/gui/pages/overlay.py" />
   <source>Loss by step</source>
   <translation>스텝별 손실</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Lost characters</source>
   <translation>잃어버린 글자</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/scores.py" />
   <source>Lower is better.</source>
   <translation>낮을수록 좋아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/serve_card.py" />
   <source>Make a key</source>
   <translation>키 만들기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_sign_in.py" />
   <location filename="../../finetune_studio/gui/pages/model_gate.py" />
   <source>Make a token on the Hub</source>
   <translation>Hub에서 토큰 만들기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/field.py" />
   <source>Make these changes</source>
   <translation>이렇게 바꾸기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_table.py" />
   <source>Maker</source>
   <translation>만든 곳</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Mask</source>
   <translation>가리기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/measure_card.py" />
   <source>Measure</source>
   <translation>평가하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/measure_card.py" />
   <source>Measure again</source>
   <translation>다시 평가하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_place.py" />
   <source>Measure it</source>
   <translation>실제로 측정</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_place.py" />
   <source>Measured</source>
   <translation>재 봤어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/split_lines.py" />
   <source>Measured on</source>
   <translation>검증에 쓸 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/outcomes.py" />
   <source>Measured on rows that were kept out of training.</source>
   <translation>학습에 쓰지 않은 행으로 쟀어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/measure_card.py" />
   <source>Measures the base model and the tuned one on the same rows that were never learned, says how sure the difference is, lets both answer, and looks for what was forgotten.</source>
   <translation>학습하지 않은 같은 행으로 사전학습 모델과 튜닝한 모델을 재고, 차이가 얼마나 확실한지 알려 줘요. 둘 다 답하게 하고, 잊은 것이 있는지도 살펴봐요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Measuring</source>
   <translation>평가하고 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>Measuring and stopping</source>
   <translation>평가와 종료</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/aside.py" />
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>Memory</source>
   <translation>메모리</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>Memory as the settings are</source>
   <translation>지금 설정의 메모리</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/widgets/memory_bar.py" />
   <source>Memory by parts</source>
   <translation>부분별 메모리</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/machine.py" />
   <source>Memory in use</source>
   <translation>쓰고 있는 메모리</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <location filename="../../finetune_studio/gui/pages/export_words.py" />
   <source>Merged, 16-bit</source>
   <translation>병합 16비트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <source>Messages</source>
   <translation>대화(messages)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/field.py" />
   <location filename="../../finetune_studio/gui/pages/method.py" />
   <source>Method</source>
   <translation>학습 방식</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model.py" />
   <location filename="../../finetune_studio/gui/pages/model_table.py" />
   <location filename="../../finetune_studio/gui/pages/reading_card.py" />
   <source>Model</source>
   <translation>모델</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_preview.py" />
   <source>Model card</source>
   <translation>모델 카드</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/widgets/memory_bar.py" />
   <source>Model weights</source>
   <translation>모델 가중치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/serve_card.py" />
   <source>Model: {name}</source>
   <translation>모델: {name}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_table.py" />
   <source>Models</source>
   <translation>모델 목록</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/lengths.py" />
   <source>Models that you download are compared here.</source>
   <translation>모델을 더 내려받으면 여기서 비교해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_kept.py" />
   <source>Models that you download from the catalogue or the Hub stand here, with the room that they take.</source>
   <translation>추천 목록이나 Hub에서 받은 모델과 차지하는 용량이 여기에 보여요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>More</source>
   <translation>더 보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>Move …</source>
   <translation>옮기기…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_places.py" />
   <source>My folder</source>
   <translation>내 폴더</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>My own data</source>
   <translation>내가 만든 데이터</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_levels.py" />
   <source>NF4 moves each weight to the nearest of 16 levels. They crowd where weights are many, so little is lost. Move the weight: below, its surroundings are magnified, with the levels of 8 and 16 bits.</source>
   <translation>NF4는 가중치를 가장 가까운 16개 눈금으로 옮겨요. 눈금은 가중치가 많은 가운데에 촘촘해서 잃는 것이 적어요. 가중치를 움직여 보세요. 아래에는 그 둘레를 확대해 8비트, 16비트 눈금과 견줘 보여 드려요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_words.py" />
   <source>NVIDIA's libraries</source>
   <translation>NVIDIA 라이브러리</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_dialog.py" />
   <source>Name of the dataset</source>
   <translation>데이터셋 이름</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/header.py" />
   <source>Name of the project</source>
   <translation>프로젝트 이름</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <source>Name on the Hub</source>
   <translation>Hub에서의 이름</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_list.py" />
   <source>Name, maker or Hub address</source>
   <translation>이름, 만든 곳, Hub 주소로 찾기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Nearly equal rows</source>
   <translation>거의 같은 행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>Needs {need} while it works, {stays} in the end; {free} are free.</source>
   <translation>설치하는 동안 {need}, 끝나면 {stays}를 써요. {free}가 비어 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_card.py" />
   <source>New chat</source>
   <translation>새 대화</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <location filename="../../finetune_studio/gui/project.py" />
   <source>New project</source>
   <translation>새 프로젝트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/options.py" />
   <source>New runs go to</source>
   <translation>학습 저장 위치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/pairs.py" />
   <location filename="../../finetune_studio/gui/pages/samples.py" />
   <source>Next question</source>
   <translation>다음 질문</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/reading_card.py" />
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>Next row</source>
   <translation>다음 행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/wizard.py" />
   <source>Next: {step}</source>
   <translation>다음: {step}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_list.py" />
   <source>No GPU here. Check fit for</source>
   <translation>이 컴퓨터에는 GPU가 없어요. 비교할 GPU</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_fp8.py" />
   <source>No GPU here: the weights get smaller, but the training no faster.</source>
   <translation>GPU가 없어요. 가중치는 작아지지만 빨라지지는 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/machine.py" />
   <source>No NVIDIA GPU</source>
   <translation>NVIDIA GPU가 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>No internet? Use an offline bundle …</source>
   <translation>인터넷이 없나요? 오프라인 묶음 쓰기…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method.py" />
   <source>No method fits, whatever the settings</source>
   <translation>설정을 바꿔도 들어가는 방식이 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_kept.py" />
   <source>No model is downloaded yet</source>
   <translation>아직 받은 모델이 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>No problems found</source>
   <translation>문제가 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/opening.py" />
   <source>No program here opens it. Its address is copied: {address}</source>
   <translation>이 컴퓨터에서 열 프로그램을 찾지 못해 주소를 복사했어요: {address}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/unwatched.py" />
   <source>No question was asked while it learned</source>
   <translation>학습하는 동안 받아 본 답이 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/history.py" />
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>No runs yet</source>
   <translation>아직 실행이 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_gate.py" />
   <source>No token is kept here yet.</source>
   <translation>저장된 토큰이 아직 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <source>Nobody says how well it knows Korean</source>
   <translation>한국어 실력은 알려지지 않았어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_fp8.py" />
   <source>Not on this GPU</source>
   <translation>이 GPU에서는 안 됨</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>Not said yet</source>
   <translation>아직 정하지 않음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/run_line.py" />
   <source>Not started</source>
   <translation>시작 전</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/run_line.py" />
   <source>Not trained yet</source>
   <translation>학습 전</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <location filename="../../finetune_studio/gui/plan_place.py" />
   <source>Nothing can be reckoned yet: {why}</source>
   <translation>아직 계산할 수 없어요. {why}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/options.py" />
   <source>Nothing is sent anywhere: no statistics, no error reports.</source>
   <translation>통계도 오류 보고도 보내지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/quality_card.py" />
   <source>Nothing is wrong with the rows</source>
   <translation>행에 문제가 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>Nothing leaves this computer until you press Upload.</source>
   <translation>‘올리기’를 누르기 전에는 어떤 데이터도 이 컴퓨터 밖으로 나가지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_gate.py" />
   <source>Nothing of it can be downloaded before. You do this once for each model.</source>
   <translation>동의하기 전에는 받을 수 없어요. 모델마다 한 번만 하면 돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>Nothing outside the folder is changed. No administrator is needed.</source>
   <translation>이 폴더 밖은 바꾸지 않아요. 관리자 권한도 필요 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/wizard.py" />
   <source>Nothing stands in the way.</source>
   <translation>바로 진행할 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/outcomes.py" />
   <source>Nothing was measured: no rows were kept aside. Read its answers below.</source>
   <translation>따로 둔 행이 없어서 재지 못했어요. 아래에서 답을 읽어 보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>Number of the row</source>
   <translation>행 번호</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>Off</source>
   <translation>끔</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>On</source>
   <translation>켬</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <location filename="../../finetune_studio/gui/pages/model_list.py" />
   <source>On disk</source>
   <translation>디스크에 있음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>On rows it learns from.</source>
   <translation>배우는 행에서 잰 값이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>On rows that it never learns from. Where this rises while the training loss falls, it learns by heart.</source>
   <translation>배우지 않는 행에서 잰 값이에요. 학습 손실은 내려가는데 이것만 오르면 외우고 있는 거예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/outcomes.py" />
   <source>On rows that were kept out of training, the loss is as it was.</source>
   <translation>학습에 쓰지 않은 행에서 손실이 거의 그대로예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/outcomes.py" />
   <source>On rows that were kept out of training, the loss is {share:.0%} higher.</source>
   <translation>학습에 쓰지 않은 행에서 손실이 {share:.0%} 높아졌어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/outcomes.py" />
   <source>On rows that were kept out of training, the loss is {share:.0%} lower.</source>
   <translation>학습에 쓰지 않은 행에서 손실이 {share:.0%} 낮아졌어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/outcomes.py" />
   <source>On the page of the training it can go on, or begin anew.</source>
   <translation>학습 페이지에서 이어서 하거나 처음부터 다시 할 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/lengths.py" />
   <source>On {rows} of your rows, without the template's control tokens, which the row lengths count. Fewer is faster and cheaper.</source>
   <translation>내 데이터 {rows}행 기준이에요. 행 길이와 달리 템플릿의 제어 토큰은 세지 않았어요. 적을수록 빠르고 싸요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/controls.py" />
   <source>One a line</source>
   <translation>한 줄에 하나씩</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>One row at a time: {verdicts}. Larger batches can be added up from such rows.</source>
   <translation>한 행씩 학습할 때: {verdicts}. 더 큰 배치는 이런 행을 모아서 만들 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <source>Only I see it</source>
   <translation>나만 보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/results.py" />
   <source>Only {rows} were measured: that may be chance.</source>
   <translation>{rows}만 재서 우연일 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>Open</source>
   <translation>열기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <source>Open a recipe or a run</source>
   <translation>레시피나 실행 열기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <source>Open it</source>
   <translation>열기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/options.py" />
   <source>Open the data folder</source>
   <translation>데이터 폴더 열기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/export_line.py" />
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>Open the folder</source>
   <translation>폴더 열기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_gate.py" />
   <source>Open the model's page</source>
   <translation>모델 페이지 열기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>Optimiser and memory</source>
   <translation>옵티마이저와 메모리</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/widgets/memory_bar.py" />
   <source>Optimiser state</source>
   <translation>옵티마이저 상태</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_list.py" />
   <source>Order of the models</source>
   <translation>모델 정렬 순서</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/split_lines.py" />
   <source>Other files</source>
   <translation>다른 파일</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Other scripts</source>
   <translation>다른 문자로 쓴 행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>Overfitting may have begun</source>
   <translation>과적합이 시작된 것 같아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/lengths.py" />
   <source>Packed now: {rows} in {sequences}, {filled:.0%} of each is filled.</source>
   <translation>지금 패킹해요. {rows}이 {sequences}에 담기고, 자리의 {filled:.0%}가 차요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/lengths.py" />
   <source>Packed, {rows} would fit into {sequences}: {gain:.1f} times fewer places to compute. Now {unpacked:.0%} of a batch is filled.</source>
   <translation>패킹하면 {rows}이 {sequences}에 담겨 계산할 자리가 {gain:.1f}배 줄어요. 지금은 배치의 {unpacked:.0%}가 차요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/lengths.py" />
   <source>Packing would save nothing: {unpacked:.0%} of a batch is filled as it is.</source>
   <translation>패킹해도 아낄 것이 없어요. 지금도 배치의 {unpacked:.0%}가 차요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>Padding {count}</source>
   <translation>패딩 {count}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer_facts.py" />
   <source>Parts texts</source>
   <translation>글의 구분</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_progress.py" />
   <location filename="../../finetune_studio/gui/pages/setup_progress.py" />
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Pause</source>
   <translation>잠시 멈추기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/run_line.py" />
   <location filename="../../finetune_studio/gui/pages/setup_progress.py" />
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Paused</source>
   <translation>잠시 멈췄어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/reading_card.py" />
   <source>Person</source>
   <translation>사람</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Personal data</source>
   <translation>개인정보</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/history.py" />
   <source>Pick it out, to compare it</source>
   <translation>비교할 실행으로 고르기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>Picture (*.png)</source>
   <translation>그림 (*.png)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>Plain</source>
   <translation>기본</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>Plan</source>
   <translation>계획</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_place.py" />
   <source>Plan and run</source>
   <translation>예상과 실제</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_place.py" />
   <source>Plan for this computer</source>
   <translation>이 컴퓨터로 계획하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/serve_card.py" />
   <source>Port</source>
   <translation>포트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method.py" />
   <source>Precision</source>
   <translation>정밀도</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>Preference pairs</source>
   <translation>선호 쌍</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <location filename="../../finetune_studio/gui/wizard.py" />
   <source>Preferences</source>
   <translation>환경설정</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/pairs.py" />
   <location filename="../../finetune_studio/gui/pages/samples.py" />
   <source>Previous question</source>
   <translation>이전 질문</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/reading_card.py" />
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>Previous row</source>
   <translation>이전 행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_words.py" />
   <source>Processor</source>
   <translation>프로세서</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/loading_code.py" />
   <source>Program that loads it</source>
   <translation>불러오는 프로그램</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/serve_card.py" />
   <source>Programs that speak OpenAI's interface can ask your model, on this machine alone; it ends with the window. A key is a password that they must send.</source>
   <translation>OpenAI 호환 API를 쓰는 프로그램이 이 컴퓨터 안에서 내 모델에 질문할 수 있어요. 창을 닫으면 종료돼요. 키는 프로그램이 보내야 하는 비밀번호예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <source>Prompt</source>
   <translation>프롬프트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>Prompt and completion</source>
   <translation>프롬프트와 답</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Put in order</source>
   <translation>차례 맞추기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>PyTorch and the training libraries are installed once, in their own folder.</source>
   <translation>PyTorch와 학습 라이브러리를 따로 둔 폴더에 한 번만 설치해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/options.py" />
   <source>PyTorch for training</source>
   <translation>학습에 쓸 PyTorch</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>Python code from its maker would run here with all your rights.</source>
   <translation>만든 곳의 파이썬 코드가 내 권한으로 이 컴퓨터에서 실행돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_taking.py" />
   <source>Python code that comes with the model runs on this machine with all your rights: it can read and change your files. Allow it only for makers that you trust. It counts for this model alone.</source>
   <translation>모델에 딸린 파이썬 코드가 내 권한으로 이 컴퓨터에서 실행돼요. 파일을 읽고 바꿀 수도 있어요. 믿을 수 있는 곳의 모델에만 허용하세요. 이 모델에만 적용돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/results.py" />
   <source>Python, vLLM, Ollama, llama-server: to copy</source>
   <translation>Python, vLLM, Ollama, llama-server용 복사할 코드</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <source>QLoRA, 8-bit</source>
   <translation>QLoRA 8비트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/quality_card.py" />
   <source>Quality of the rows</source>
   <translation>행의 품질</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <source>Question</source>
   <translation>질문</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>Question and answer</source>
   <translation>질문과 답</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>Random row</source>
   <translation>아무 행이나</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>Rated answers</source>
   <translation>평가된 답</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>Read it in full</source>
   <translation>전문 읽기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Read rightly</source>
   <translation>바르게 읽기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Reading the data</source>
   <translation>데이터를 읽고 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>Reading the rows …</source>
   <translation>행을 읽고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_table.py" />
   <source>Reads</source>
   <translation>문맥</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_facts.py" />
   <source>Reads {n} tokens</source>
   <translation>문맥 {n} 토큰</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training.py" />
   <source>Ready when you are</source>
   <translation>준비되면 시작하세요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>Recent work</source>
   <translation>최근 작업</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/header.py" />
   <source>Recipe</source>
   <translation>레시피</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <source>Recipes and runs (*.yaml *.yml run.json)</source>
   <translation>레시피와 실행 (*.yaml *.yml run.json)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <location filename="../../finetune_studio/gui/plan_place.py" />
   <source>Reckoning …</source>
   <translation>계산하고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <source>Recognised as {shape}: {why}</source>
   <translation>‘{shape}’ 형식으로 인식했어요. {why}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <source>Recommended</source>
   <translation>추천</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/header.py" />
   <source>Redo</source>
   <translation>다시 하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Remains of HTML</source>
   <translation>HTML 찌꺼기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_kept.py" />
   <source>Remove it</source>
   <translation>지우기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <source>Remove them on the Hub, or upload under another name.</source>
   <translation>Hub에서 지우거나, 다른 이름으로 올리세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_kept.py" />
   <source>Remove {name}</source>
   <translation>{name} 지우기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_kept.py" />
   <source>Remove {name} from this disk?</source>
   <translation>이 디스크에서 {name} 모델을 지울까요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_kept.py" />
   <source>Remove …</source>
   <translation>지우기…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/header.py" />
   <source>Rename</source>
   <translation>이름 바꾸기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Repeated rows</source>
   <translation>중복된 행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/measure_card.py" />
   <source>Report</source>
   <translation>보고서</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/results.py" />
   <source>Results</source>
   <translation>결과와 내보내기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training.py" />
   <source>Results open when the training ends.</source>
   <translation>학습이 끝나면 결과를 볼 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/result_words.py" />
   <source>Results stand here when the training has ended</source>
   <translation>학습이 끝나면 결과가 여기에 보여요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Resume</source>
   <translation>이어서 학습</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/scores.py" />
   <source>Right of {count} general questions. Higher is better.</source>
   <translation>일반 상식 {count}문제의 정답률이에요. 높을수록 좋아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/lengths.py" />
   <source>Row lengths</source>
   <translation>행의 길이</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/reading_card.py" />
   <source>Row {row} of the first {rows}</source>
   <translation>처음 {rows}행 중 {row}행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/reading_card.py" />
   <source>Row {row} of {rows}</source>
   <translation>{row} / {rows}행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/split_lines.py" />
   <source>Rows of one film or one customer stay on one side.</source>
   <translation>같은 영화나 같은 고객의 행이 한쪽에만 있게 돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Rows without words</source>
   <translation>낱말이 없는 행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/quality_row.py" />
   <source>Rows {numbers}</source>
   <translation>행 {numbers}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/run_line.py" />
   <source>Running</source>
   <translation>학습 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/samples.py" />
   <source>Same question, answered now</source>
   <translation>같은 질문, 지금의 답</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/header.py" />
   <location filename="../../finetune_studio/gui/leaving.py" />
   <location filename="../../finetune_studio/gui/pages/export_line.py" />
   <location filename="../../finetune_studio/gui/pages/exports.py" />
   <source>Save</source>
   <translation>저장</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/convert_card.py" />
   <source>Save as …</source>
   <translation>저장…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/convert_card.py" />
   <source>Save in another shape</source>
   <translation>다른 형식으로 저장하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <source>Save the changes to the recipe?</source>
   <translation>레시피에서 바꾼 것을 저장할까요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>Save the curves</source>
   <translation>곡선 저장하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <source>Save the recipe</source>
   <translation>레시피 저장</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/export_line.py" />
   <source>Save: {format}</source>
   <translation>{format} 저장</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/header.py" />
   <location filename="../../finetune_studio/gui/main_window.py" />
   <source>Saved</source>
   <translation>저장됨</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Saving</source>
   <translation>저장하고 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/header.py" />
   <source>Saving …</source>
   <translation>저장하고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_findings.py" />
   <source>Say it</source>
   <translation>입력하러 가기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_card.py" />
   <source>Say something to it</source>
   <translation>모델에게 말을 걸어 보세요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_list.py" />
   <source>Search models</source>
   <translation>모델 찾기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>See all</source>
   <translation>모두 보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/quality_row.py" />
   <source>See these rows</source>
   <translation>이 행들 보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <source>See what goes up</source>
   <translation>올릴 파일 보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_settings.py" />
   <source>Seed</source>
   <translation>시드</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_card.py" />
   <source>Send</source>
   <translation>보내기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/field.py" />
   <location filename="../../finetune_studio/gui/pages/lengths.py" />
   <source>Set to {value}</source>
   <translation>{value}(으)로 바꾸기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_progress.py" />
   <source>Set-up</source>
   <translation>설치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_card.py" />
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>Settings</source>
   <translation>세부 설정</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>Shall we look at the settings?</source>
   <translation>세부 설정을 살펴볼까요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/convert_card.py" />
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <source>Shape</source>
   <translation>데이터 형식</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <source>Share of the model</source>
   <translation>모델에서 차지하는 비율</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/sheets.py" />
   <source>Sheet of {name}</source>
   <translation>{name}의 시트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/help.py" />
   <source>Short answers, one for each step.</source>
   <translation>단계마다 하나씩, 짧게 알려 드려요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>Show all</source>
   <translation>전체 보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/options.py" />
   <source>Show every setting</source>
   <translation>설정 모두 보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/quality_row.py" />
   <source>Show examples</source>
   <translation>예시 펼치기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>Show it as it is rendered</source>
   <translation>템플릿으로 펼친 글 보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training.py" />
   <source>Show me where</source>
   <translation>어디인지 보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer_facts.py" />
   <source>Show the chat template</source>
   <translation>대화 템플릿 보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/pairs.py" />
   <source>Side by side</source>
   <translation>나란히 보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_sign_in.py" />
   <location filename="../../finetune_studio/gui/pages/model_gate.py" />
   <source>Sign in</source>
   <translation>로그인</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_gate.py" />
   <source>Signed in as {name}.</source>
   <translation>{name} 계정으로 로그인했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_sign_in.py" />
   <source>Signed in to the Hub</source>
   <translation>Hub에 로그인되어 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_sign_in.py" />
   <source>Signed in to the Hub as {name}</source>
   <translation>Hub에 {name} 계정으로 로그인했어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_table.py" />
   <source>Size</source>
   <translation>크기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <source>Slower, for networks that block the fast way</source>
   <translation>더 느린 방식 (빠른 방식이 막힌 네트워크용)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>So the model stops when its answer ends.</source>
   <translation>그래서 답이 끝나면 멈춰요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/alerts.py" />
   <source>Something went wrong that should not have.</source>
   <translation>생기지 말아야 할 문제가 생겼어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/field.py" />
   <source>Source: {source}</source>
   <translation>출처: {source}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/aside.py" />
   <source>Speed</source>
   <translation>속도</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_dialog.py" />
   <source>Split</source>
   <translation>스플릿</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer_facts.py" />
   <source>Stands for the whole</source>
   <translation>글 전체를 대표</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>Start the demo</source>
   <translation>데모 시작</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/serve_card.py" />
   <source>Start the server</source>
   <translation>서버 시작</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training.py" />
   <location filename="../../finetune_studio/gui/wizard.py" />
   <source>Start training</source>
   <translation>학습 시작</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Starting</source>
   <translation>시작하고 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>Starting …</source>
   <translation>시작하고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_preview.py" />
   <source>Stays here: {names}</source>
   <translation>여기 남는 것: {names}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/samples.py" />
   <source>Step of the answer</source>
   <translation>답을 볼 스텝</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_progress.py" />
   <source>Step {n} of {all}</source>
   <translation>{all}단계 중 {n}단계</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/samples.py" />
   <source>Step {step}</source>
   <translation>{step}스텝</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Step {step} of {steps}</source>
   <translation>{step} / {steps} 스텝</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>Steps</source>
   <translation>스텝</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/longer.py" />
   <source>Steps in all</source>
   <translation>전체 스텝</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_card.py" />
   <location filename="../../finetune_studio/gui/pages/export_line.py" />
   <location filename="../../finetune_studio/gui/pages/llama_line.py" />
   <location filename="../../finetune_studio/gui/pages/measure_card.py" />
   <location filename="../../finetune_studio/gui/plan_place.py" />
   <location filename="../../finetune_studio/gui/work_strip.py" />
   <source>Stop</source>
   <translation>멈추기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_progress.py" />
   <source>Stop and delete it</source>
   <translation>그만두고 지우기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_progress.py" />
   <source>Stop and keep it</source>
   <translation>그만두고 남겨 두기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Stop and save</source>
   <translation>멈추고 저장</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_settings.py" />
   <source>Stop at</source>
   <translation>멈출 글</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_progress.py" />
   <source>Stop for now</source>
   <translation>여기서 그만</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/work_strip.py" />
   <source>Stop getting llama.cpp</source>
   <translation>llama.cpp 받기 멈추기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/serve_card.py" />
   <source>Stop the server</source>
   <translation>서버 멈추기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/run_line.py" />
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Stopped</source>
   <translation>멈춤</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/run_line.py" />
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Stopped early</source>
   <translation>조기 종료했어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Stopping</source>
   <translation>멈추고 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>Studio</source>
   <translation>스튜디오</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_settings.py" />
   <source>Such as: You are a friendly help desk.</source>
   <translation>예: 당신은 친절한 고객센터 상담원이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_settings.py" />
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <location filename="../../finetune_studio/gui/pages/reading_card.py" />
   <source>System prompt</source>
   <translation>시스템 프롬프트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>Table of every figure (*.csv)</source>
   <translation>모든 수치의 표 (*.csv)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/quality_row.py" />
   <source>Take back</source>
   <translation>되돌리기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Take out</source>
   <translation>지우기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/files_card.py" />
   <source>Take the files out</source>
   <translation>파일 빼기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/files_card.py" />
   <source>Take this file out</source>
   <translation>이 파일 빼기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <source>Task</source>
   <translation>학습 유형</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/aside.py" />
   <location filename="../../finetune_studio/gui/pages/chat_settings.py" />
   <source>Temperature</source>
   <translation>온도</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_settings.py" />
   <source>Temperature 0 always says the likeliest. Both models get the same settings and the same seed.</source>
   <translation>온도가 0이면 늘 가장 그럴듯한 말을 골라요. 두 모델은 같은 설정과 같은 시드로 답해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <location filename="../../finetune_studio/gui/pages/reading_card.py" />
   <source>Text</source>
   <translation>텍스트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <source>The Hub does not take it now; the next attempt is in {seconds} s.</source>
   <translation>Hub가 지금 받지 않아서 {seconds}초 뒤에 다시 시도해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_hub.py" />
   <source>The Hub has no text model of that name.</source>
   <translation>그런 이름의 텍스트 모델이 Hub에 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>The answers</source>
   <translation>답</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>The build must suit the NVIDIA driver and the GPU.</source>
   <translation>빌드는 NVIDIA 드라이버와 GPU에 맞아야 해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>The build of PyTorch is chosen for your driver and GPU, and is tried on them before it is used.</source>
   <translation>드라이버와 GPU에 맞는 PyTorch를 고르고, 쓰기 전에 시험해 봐요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>The curves could not be saved.</source>
   <translation>곡선을 저장하지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training.py" />
   <source>The curves, the answers and the log of the run will stand here. You may close the window meanwhile; the training goes on.</source>
   <translation>곡선과 답과 기록을 여기에서 보여 드려요. 창을 닫아도 학습은 계속돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/wizard.py" />
   <source>The data is still to be chosen.</source>
   <translation>아직 데이터를 고르지 않았어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>The end {token} is learned</source>
   <translation>종료 토큰 {token}을(를) 학습해요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method.py" />
   <source>The figures of your model and settings on this machine. Bars are memory.</source>
   <translation>고른 모델과 설정으로 이 컴퓨터에서 계산한 숫자예요. 막대는 메모리예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method.py" />
   <source>The figures of your model and settings, as on the {gpu} you compare on.</source>
   <translation>고른 모델과 설정을 {gpu} 기준으로 계산한 숫자예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/rows_card.py" />
   <source>The files have changed since they were read.</source>
   <translation>파일을 읽은 뒤에 파일이 바뀌었어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/rows_card.py" />
   <source>The first rows, as they stand in the file</source>
   <translation>원본 파일 미리보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>The first step takes the longest: the model is loaded and warmed up.</source>
   <translation>첫 스텝이 가장 오래 걸려요. 모델을 불러와 준비하고 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>The folder of the offline bundle</source>
   <translation>오프라인 묶음 폴더</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>The last answer</source>
   <translation>마지막 답</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>The loss ran away</source>
   <translation>손실이 치솟았어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>The loss runs away</source>
   <translation>손실이 치솟고 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>The model's own</source>
   <translation>모델의 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>The picture could not be written.</source>
   <translation>그림을 쓰지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/measure_card.py" />
   <source>The report could not be written.</source>
   <translation>보고서를 쓰지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/machine.py" />
   <source>The rest is in order.</source>
   <translation>나머지는 괜찮아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/results.py" />
   <source>The result holds the weights of step {step}, the best that was measured.</source>
   <translation>결과에는 가장 좋았던 {step}스텝의 가중치가 담겨 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/results.py" />
   <source>The result holds the weights of the last step.</source>
   <translation>결과에는 마지막 스텝의 가중치가 담겨 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <source>The result is still being measured</source>
   <translation>결과를 아직 평가하고 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <source>The result is still being saved</source>
   <translation>결과를 아직 저장하고 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <source>The result is still being uploaded</source>
   <translation>결과를 아직 올리고 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>The rows are read and the model is loaded. The first figures come with the first steps.</source>
   <translation>행을 읽고 모델을 불러와요. 첫 스텝이 끝나면 수치가 나와요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/results.py" />
   <source>The run's folder</source>
   <translation>실행 폴더</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/changed_since.py" />
   <source>The settings were changed meanwhile: this training goes on as it began.</source>
   <translation>학습 중에 설정을 바꿨어요. 지금 학습은 처음 설정 그대로 진행하고, 바꾼 값은 다음 학습부터 쓰여요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/changed_since.py" />
   <source>The settings were changed since: the change counts for the next training.</source>
   <translation>그 뒤에 설정을 바꿨어요. 바꾼 값은 다음 학습부터 쓰여요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>The shape of the run; the steps follow from the data.</source>
   <translation>학습률이 이렇게 변해요. 스텝 수는 데이터를 고르면 정해져요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>The small model that is built in learns from the sample data, from the first step to the last. No GPU and no internet needed.</source>
   <translation>내장된 작은 모델이 예시 데이터로 처음부터 끝까지 배워요. GPU도 인터넷도 필요 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>The step limit of {limit} counts, not the epochs.</source>
   <translation>에폭이 아니라 스텝 제한 {limit}을 따라요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>The step with the lowest validation loss.</source>
   <translation>검증 손실이 가장 낮은 스텝이에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/trainer_log.py" />
   <source>The trainer has written nothing here.</source>
   <translation>학습기가 남긴 기록이 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>The training loss has risen since step {step}. Stop, halve the learning rate and train again.</source>
   <translation>{step}스텝부터 학습 손실이 오르고 있어요. 멈추고 학습률을 절반으로 줄여 다시 해 보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>The training loss rose from step {step} on. Halve the learning rate and train again.</source>
   <translation>{step}스텝부터 학습 손실이 올랐어요. 학습률을 절반으로 줄여 다시 학습해 보세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <source>The training still runs</source>
   <translation>아직 학습하고 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/options.py" />
   <source>The usual place</source>
   <translation>기본 위치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_card.py" />
   <location filename="../../finetune_studio/gui/pages/results.py" />
   <source>The vote could not be kept.</source>
   <translation>투표를 저장하지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>The warm-up takes {steps}, to the dashed line.</source>
   <translation>워밍업은 {steps} 동안, 점선까지예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>There is no data yet</source>
   <translation>아직 데이터가 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training.py" />
   <source>There is no result.</source>
   <translation>결과가 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_preview.py" />
   <source>These files go up, and no others:</source>
   <translation>이 파일만 올라가요:</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>These sentences were not checked against the licence's own text.</source>
   <translation>이 설명은 라이선스 원문과 대조하지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <source>They are in no file yet.</source>
   <translation>아직 어느 파일에도 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/alerts.py" />
   <source>They count until the program ends. Check that the disk has room.</source>
   <translation>프로그램을 끝낼 때까지만 쓸 수 있어요. 디스크에 여유가 있는지 확인해 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/overlay.py" />
   <source>They were measured on different rows, so their losses cannot be compared.</source>
   <translation>서로 다른 행으로 쟀기 때문에 손실을 맞대어 비교할 수 없어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>This computer</source>
   <translation>이 컴퓨터</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>This copy was not installed by an installer</source>
   <translation>이 프로그램은 설치 파일로 설치한 것이 아니에요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>This is no legal advice.</source>
   <translation>법률 자문은 아니에요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_gate.py" />
   <source>This model's maker asks for your agreement</source>
   <translation>이 모델은 만든 곳의 라이선스에 동의해야 해요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/reading_card.py" />
   <source>This row is left out: {why}.</source>
   <translation>이 행은 빠져요: {why}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>This row is not learned from</source>
   <translation>이 행은 배우지 않아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_sign_in.py" />
   <source>This token may only read.</source>
   <translation>이 토큰은 읽기만 할 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/result_words.py" />
   <source>This training left no result</source>
   <translation>이 학습은 결과를 남기지 않았어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/history.py" />
   <source>Tick two to {most} runs to lay their curves over each other.</source>
   <translation>2~{most}개를 고르면 곡선을 겹쳐 볼 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>Tight</source>
   <translation>빠듯함</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>Time</source>
   <translation>예상 시간</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>To download</source>
   <translation>내려받을 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>To look at: {count}</source>
   <translation>확인할 것 {count}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/wizard.py" />
   <source>To the start page</source>
   <translation>시작 페이지로</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>Together</source>
   <translation>모두</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>Token accuracy</source>
   <translation>토큰 정확도</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer.py" />
   <source>Tokenizer</source>
   <translation>토크나이저</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_facts.py" />
   <source>Tokenizer: {name}</source>
   <translation>토크나이저: {name}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_settings.py" />
   <source>Tokens at most</source>
   <translation>최대 토큰 수</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/lengths.py" />
   <source>Tokens per character</source>
   <translation>글자 하나에 토큰 몇 개?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <location filename="../../finetune_studio/gui/pages/overlay.py" />
   <source>Tokens per second</source>
   <translation>초당 토큰</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/lengths.py" />
   <source>Tokens per syllable</source>
   <translation>음절당 토큰 수</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>Too early to say</source>
   <translation>아직 판단하기 일러요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>Too little room: {need} are needed, {free} are free.</source>
   <translation>공간이 모자라요. {need}가 필요한데 {free}가 비어 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>Too slow without a GPU: {rows} rows of {tokens} tokens, seen once, take about {time} here.</source>
   <translation>GPU 없이는 너무 느려요. {tokens}토큰짜리 {rows}행을 한 번 보는 데 여기서는 {time}쯤 걸려요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/overlay.py" />
   <source>Took</source>
   <translation>걸린 시간</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/reading_card.py" />
   <source>Tool</source>
   <translation>도구</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <source>Tools</source>
   <translation>도구</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_settings.py" />
   <source>Top-p</source>
   <translation>Top-p</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Train again</source>
   <translation>다시 학습</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/longer.py" />
   <source>Train longer</source>
   <translation>더 학습하기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Train longer …</source>
   <translation>더 학습하기…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>Trainable</source>
   <translation>학습 파라미터</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <source>Trained for Korean</source>
   <translation>한국어를 처음부터 학습했어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/overlay.py" />
   <location filename="../../finetune_studio/gui/pages/training.py" />
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Training</source>
   <translation>학습</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>Training data</source>
   <translation>학습 데이터</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Training failed</source>
   <translation>학습이 실패했어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/outcomes.py" />
   <source>Training failed, but its checkpoints are there</source>
   <translation>학습은 실패했지만 체크포인트는 남아 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>Training is done</source>
   <translation>학습이 끝났어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>Training is ready</source>
   <translation>학습할 준비가 됐어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_words.py" />
   <source>Training libraries</source>
   <translation>학습 라이브러리</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>Training rows</source>
   <translation>학습 행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_place.py" />
   <source>Training two steps to measure it …</source>
   <translation>두 스텝을 학습하며 재고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>Training works, and newer libraries came with an update</source>
   <translation>학습할 수 있어요. 업데이트로 더 새로운 라이브러리가 나왔어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>Training {loss}, validation {held}</source>
   <translation>학습 {loss}, 검증 {held}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_place.py" />
   <source>Trains two steps with the longest rows, to learn what memory and time it needs.</source>
   <translation>가장 긴 행으로 두 스텝을 학습해, 필요한 메모리와 시간을 직접 재요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>Try again</source>
   <translation>다시 시도</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>Try it</source>
   <translation>직접 해 보기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_turn.py" />
   <location filename="../../finetune_studio/gui/pages/pairs.py" />
   <source>Tuned model</source>
   <translation>튜닝한 모델</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/field.py" />
   <source>Turn off: {setting}</source>
   <translation>{setting} 끄기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/field.py" />
   <source>Turn on: {setting}</source>
   <translation>{setting} 켜기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Turns out of order</source>
   <translation>차례가 어긋난 대화</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>Two of 1,500 rows</source>
   <translation>1,500행 중 2행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_hub.py" />
   <source>Type a name, and the Hub is asked.</source>
   <translation>이름을 입력하면 Hub에서 찾아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>Type a text to see its tokens</source>
   <translation>글을 쓰면 토큰이 보여요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>Type your own</source>
   <translation>직접 쓰기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/header.py" />
   <source>Undo</source>
   <translation>되돌리기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Uneven labels</source>
   <translation>고르지 않은 레이블</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer_facts.py" />
   <source>Unknown</source>
   <translation>모르는 글자</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_card.py" />
   <source>Unload the model</source>
   <translation>메모리에서 내리기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Unseen characters</source>
   <translation>보이지 않는 문자</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>Unsloth</source>
   <translation>Unsloth</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/header.py" />
   <location filename="../../finetune_studio/gui/main_window.py" />
   <location filename="../../finetune_studio/gui/pages/training.py" />
   <source>Untitled</source>
   <translation>이름 없음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>Update</source>
   <translation>업데이트</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <source>Upload for everybody</source>
   <translation>공개로 올리기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <source>Upload privately</source>
   <translation>비공개로 올리기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <source>Upload to Hugging Face</source>
   <translation>Hugging Face에 올리기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <source>Uploaded to {repo}</source>
   <translation>{repo}에 올렸어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_sign_in.py" />
   <source>Uploading needs a token of the kind “write”: a password for programs, which your Hugging Face account makes. It begins with hf_.</source>
   <translation>올리려면 쓰기(write) 토큰이 필요해요. Hugging Face 계정에서 만드는 프로그램용 비밀번호이고, hf_로 시작해요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_kept.py" />
   <source>Use</source>
   <translation>쓰기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/dataset.py" />
   <source>Use a sample</source>
   <translation>예시 데이터 쓰기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>Use all advised</source>
   <translation>추천값 모두 적용</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_sign_in.py" />
   <source>Use another token</source>
   <translation>다른 토큰 쓰기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/field.py" />
   <source>Use the advised {value}</source>
   <translation>추천값 {value}(으)로 바꾸기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_dialog.py" />
   <source>Use this dataset</source>
   <translation>이 데이터셋 쓰기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>Use this model</source>
   <translation>이 모델 쓰기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method.py" />
   <source>Use {method}</source>
   <translation>{method}(으)로 바꾸기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_kept.py" />
   <source>Use {name}</source>
   <translation>{name}(으)로 바꾸기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/aside.py" />
   <source>Utilisation</source>
   <translation>사용률</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/overlay.py" />
   <source>Validation</source>
   <translation>검증</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>Validation loss fell to the end, to {value:.3f}. More epochs may help.</source>
   <translation>검증 손실이 끝까지 내려갔어요(마지막 {value:.3f}). 더 학습하면 나아질 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>Validation loss fell to {value:.3f}, but hardly at the end; the training loss fell faster. More epochs would hardly help; more data would.</source>
   <translation>검증 손실이 {value:.3f}까지 내려갔지만 끝에는 거의 그대로였고, 학습 손실만 빨리 내려갔어요. 에폭을 늘려도 별 도움이 안 되고, 데이터를 늘리는 편이 좋아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>Validation loss hardly moved after step {step}. Fewer epochs would do.</source>
   <translation>{step}스텝 뒤로 검증 손실이 거의 그대로였어요. 에폭을 줄여도 돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>Validation loss has hardly moved since step {step}. You may stop and save.</source>
   <translation>{step}스텝부터 검증 손실이 거의 그대로예요. 멈추고 저장해도 괜찮아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>Validation loss has risen since step {step}. If you stop now, you keep the checkpoint of step {step}.</source>
   <translation>검증 손실이 {step}스텝부터 오르고 있어요. 지금 멈추면 {step}스텝의 체크포인트를 쓸 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>Validation loss is {value:.3f} and hardly falls, while the training loss falls fast. The best checkpoint is kept.</source>
   <translation>검증 손실은 {value:.3f}에서 거의 내려가지 않는데 학습 손실은 빨리 내려가요. 가장 좋은 체크포인트는 남겨 둬요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>Validation loss is {value:.3f} and still falls.</source>
   <translation>검증 손실이 {value:.3f}이고 계속 내려가고 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>Validation loss rose after step {step}; that checkpoint is the best one.</source>
   <translation>{step}스텝 뒤로 검증 손실이 올랐어요. 그때의 체크포인트가 가장 좋아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>Validation loss was lowest at step {step}: {value:.3f}.</source>
   <translation>검증 손실은 {step}스텝에서 가장 낮았어요({value:.3f}).</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/coach_words.py" />
   <source>Validation loss was {value:.3f} when it was last measured, and still falling. You can go on from here.</source>
   <translation>마지막으로 쟀을 때 검증 손실이 {value:.3f}이었고 내려가는 중이었어요. 여기서 이어서 학습할 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method.py" />
   <source>Variant</source>
   <translation>변형</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Very long rows</source>
   <translation>아주 긴 행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/outcomes.py" />
   <source>Votes: tuned {tuned}, base {base}, the same {tie}</source>
   <translation>투표: 튜닝 {tuned} · 사전학습 {base} · 비슷함 {tie}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/leaving.py" />
   <source>Wait for it</source>
   <translation>기다리기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/choices.py" />
   <source>Warm-up, stable, decay</source>
   <translation>워밍업·유지·감쇠</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_levels.py" />
   <source>Weight</source>
   <translation>가중치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_levels.py" />
   <source>Weight, from -1 to 1</source>
   <translation>가중치, -1에서 1까지</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_progress.py" />
   <source>What came so far can stay on the disk; a later download goes on from it.</source>
   <translation>지금까지 받은 것은 남겨 두면 나중에 이어서 받을 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/overlay.py" />
   <source>What differs</source>
   <translation>다른 점</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_levels.py" />
   <source>What do fewer bits do to a weight?</source>
   <translation>비트를 줄이면 가중치는 어떻게 되나요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_levels.py" />
   <source>What fewer bits do to a weight</source>
   <translation>비트를 줄인 가중치</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_words.py" />
   <source>What fits</source>
   <translation>가능한 방식</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_list.py" />
   <source>What fits first, Korean first</source>
   <translation>실행 가능한 순, 한국어 우선</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <location filename="../../finetune_studio/gui/pages/hub_preview.py" />
   <source>What goes up</source>
   <translation>올릴 항목</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/history.py" />
   <source>What has been trained?</source>
   <translation>무엇을 학습했나요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>What is learned</source>
   <translation>손실 계산 대상</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/loading_code.py" />
   <source>What is loaded</source>
   <translation>불러올 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/serve_card.py" />
   <source>What is served</source>
   <translation>제공할 모델</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>What is shown</source>
   <translation>보여 줄 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/scores.py" />
   <source>What it knew</source>
   <translation>기존 지식</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>What trains here</source>
   <translation>학습에 쓰는 패키지</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>What was learned since the last checkpoint is lost. Stopping saves it.</source>
   <translation>마지막 체크포인트 뒤에 배운 것은 사라져요. 멈추고 저장하면 남아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/dataset.py" />
   <source>What will it learn from?</source>
   <translation>무엇을 가르칠까요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer.py" />
   <source>What will the model actually learn?</source>
   <translation>모델은 무엇을 배우게 되나요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/help.py" />
   <source>What would you like to know?</source>
   <translation>무엇이 궁금하세요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_card.py" />
   <source>What you ask and what the models answer stands here. The first answer takes longer: the model is loaded for it.</source>
   <translation>질문과 모델의 답이 여기에 나와요. 첫 답은 모델을 불러오느라 조금 더 걸려요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/export_line.py" />
   <source>Where shall the folder be made?</source>
   <translation>폴더를 어디에 만들까요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_plan.py" />
   <source>Where should it be installed?</source>
   <translation>어디에 설치할까요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>Where should it be moved?</source>
   <translation>어디로 옮길까요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model.py" />
   <source>Where the model comes from</source>
   <translation>모델을 가져올 곳</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_facts.py" />
   <source>Whether it asks for permission is not known</source>
   <translation>권한 요청이 필요한지 알려지지 않았어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>Which curve is drawn</source>
   <translation>그릴 곡선</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_dialog.py" />
   <source>Which dataset of the Hub?</source>
   <translation>Hub의 어떤 데이터셋인가요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_table.py" />
   <source>Which method fits</source>
   <translation>가능한 방식</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model.py" />
   <source>Which model do we start from?</source>
   <translation>어떤 모델에서 시작할까요?</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>Which settings are shown</source>
   <translation>보여 줄 설정</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/unwatched.py" />
   <source>With a few questions in the settings you see here what the model answered before, and what it answers after.</source>
   <translation>세부 설정에 질문을 몇 개 적어 두면 모델이 학습 전에 뭐라고 답했고 지금은 뭐라고 답하는지 여기서 볼 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>With packing, rows share sequences; the trainer counts them first.</source>
   <translation>패킹을 하면 여러 행이 한 시퀀스에 담겨요. 학습기가 먼저 세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <source>Worse answer</source>
   <translation>더 못한 답</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/unwatched.py" />
   <source>Write questions</source>
   <translation>질문 적기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/convert_card.py" />
   <source>Write the good answers alone</source>
   <translation>좋은 답만 쓰기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/convert_card.py" />
   <source>Writing …</source>
   <translation>쓰고 있어요…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>Wrongly read characters</source>
   <translation>잘못 읽힌 글자</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>You keep this Python yourself, with pip. What an installer sets up can be repaired and moved from here.</source>
   <translation>직접 pip으로 관리하는 Python이에요. 설치 프로그램으로 마련한 환경은 여기에서 복구하거나 옮길 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_progress.py" />
   <source>You may leave this page or pause over night: what was downloaded is kept, also when the computer is switched off.</source>
   <translation>이 화면을 떠나거나 밤새 멈춰 둬도 괜찮아요. 컴퓨터를 꺼도 내려받은 것은 남아 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model.py" />
   <source>You see its size, its licence, its Korean, and whether it fits your GPU. Choosing one downloads nothing yet.</source>
   <translation>크기, 라이선스, 한국어 실력, GPU에 들어가는지를 함께 보여 드려요. 골라도 아직 내려받지는 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/opening.py" />
   <source>Your browser opens it. It lies in {address}</source>
   <translation>브라우저에서 열어요. 파일 위치: {address}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/history.py" />
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>Your first training will stand here with its curve.</source>
   <translation>첫 학습을 하면 곡선과 함께 여기에 남아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/start.py" />
   <source>Your own model in a minute</source>
   <translation>1분이면 내 모델이 생겨요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/alerts.py" />
   <source>Your preferences could not be saved.</source>
   <translation>환경 설정을 저장하지 못했어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/alerts.py" />
   <source>Your project is safe. Copy the details and report them, please.</source>
   <translation>프로젝트는 안전해요. 자세한 내용을 복사해서 알려 주세요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>a first guess; training measures it</source>
   <translation>예상값이에요. 학습을 시작하면 실제로 측정해요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>a guess; the last run took {time}</source>
   <translation>예상값 · 지난 학습은 {time}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>about {time}</source>
   <translation>약 {time}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/widgets/number.py" />
   <source>above {low}</source>
   <translation>{low} 초과</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/widgets/number.py" />
   <source>above {low}, up to {high}</source>
   <translation>{low} 초과 {high} 이하</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/export_words.py" />
   <source>adapter alone</source>
   <translation>어댑터만</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/export_words.py" />
   <source>adapter and base</source>
   <translation>어댑터와 사전학습 모델</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/results.py" />
   <source>after the training</source>
   <translation>학습한 뒤에 열려요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/history.py" />
   <location filename="../../finetune_studio/gui/pages/reading_card.py" />
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>and {count} more</source>
   <translation>그 밖에 {count}개</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_place.py" />
   <source>as on {gpu}, not on this computer</source>
   <translation>이 컴퓨터가 아니라 {gpu} 기준이에요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>as this run goes</source>
   <translation>지금 진행 속도 기준</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <source>asks for permission</source>
   <translation>권한 요청 필요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>best</source>
   <translation>가장 좋음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/widgets/rail.py" />
   <source>blocks the start</source>
   <translation>시작을 막아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>by step</source>
   <translation>스텝별</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer.py" />
   <source>cannot be counted</source>
   <translation>셀 수 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/dataset.py" />
   <source>cannot be read</source>
   <translation>읽을 수 없어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_progress.py" />
   <source>checking its hash</source>
   <translation>해시 확인 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/trainer_log.py" />
   <source>checkpoints {steps}</source>
   <translation>체크포인트 {steps}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <source>chosen</source>
   <translation>선택됨</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <source>commercial use allowed</source>
   <translation>상업적 사용 가능</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <source>commercial use not confirmed</source>
   <translation>상업적 사용 여부 확인 안 됨</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <source>commercial use on conditions</source>
   <translation>조건부로 상업적 사용 가능</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/lengths.py" />
   <source>cut at {length}</source>
   <translation>최대 길이 {length}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>d MMM</source>
   <translation>M월 d일</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/widgets/rail.py" />
   <source>done</source>
   <translation>완료</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>done at {time}</source>
   <translation>{time}에 끝나요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>epoch {epoch:.2f} of {epochs:g}</source>
   <translation>에폭 {epoch:.2f} / {epochs:g}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_preview.py" />
   <source>everybody sees it</source>
   <translation>모두가 봐요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>failed</source>
   <translation>실패</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>from a dry run of two steps</source>
   <translation>두 스텝 시험 실행 기준</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/widgets/number.py" />
   <source>from {low}</source>
   <translation>{low} 이상</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/widgets/number.py" />
   <source>from {low} to {high}</source>
   <translation>{low}부터 {high}까지</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <location filename="../../finetune_studio/gui/pages/model_own.py" />
   <source>in this program</source>
   <translation>이 프로그램에 포함</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_cells.py" />
   <source>known after download</source>
   <translation>받은 뒤 알 수 있음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_kept.py" />
   <source>last used {when}</source>
   <translation>마지막 사용 {when}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer.py" />
   <source>learns a label for each row</source>
   <translation>행마다 라벨을 배워요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer.py" />
   <source>learns {share:.0%} of the tokens</source>
   <translation>토큰의 {share:.0%}를 배워요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/scores.py" />
   <source>little forgotten</source>
   <translation>거의 잊지 않음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/llama_line.py" />
   <source>llama.cpp is here by half: what reads GGUF is missing, which takes about 5 minutes to build.</source>
   <translation>llama.cpp가 반만 있어요. GGUF를 읽는 쪽이 없고, 만드는 데 5분쯤 걸려요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/work_strip.py" />
   <source>llama.cpp is here: results can be saved as GGUF.</source>
   <translation>llama.cpp를 갖췄어요. 이제 결과를 GGUF로 저장할 수 있어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/work_strip.py" />
   <source>llama.cpp is not here: {cause}</source>
   <translation>llama.cpp를 갖추지 못했어요. {cause}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/work_strip.py" />
   <source>llama.cpp is still being got</source>
   <translation>llama.cpp를 아직 받고 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup_words.py" />
   <source>macOS</source>
   <translation>macOS</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/scores.py" />
   <source>may be chance: {low} to {high}</source>
   <translation>우연일 수 있어요: {low} ~ {high}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/lengths.py" />
   <source>median {median} · 95 % have {high} at most · longest {longest} tokens</source>
   <translation>중앙값 {median} · 95 %가 {high} 이하 · 최대 {longest}토큰</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/scores.py" />
   <source>much forgotten</source>
   <translation>많이 잊음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <source>native</source>
   <translation>특화</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/export_words.py" />
   <source>nearly the same</source>
   <translation>거의 같음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/widgets/rail.py" />
   <source>needs a look</source>
   <translation>확인 필요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_place.py" />
   <source>no GPU: main memory</source>
   <translation>GPU 없음, 주 메모리</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <source>no commercial use</source>
   <translation>상업적 사용 불가</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/run_line.py" />
   <source>no steps yet</source>
   <translation>아직 스텝 없음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_settings.py" />
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <location filename="../../finetune_studio/gui/pages/overlay.py" />
   <source>none</source>
   <translation>없음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/serve_card.py" />
   <source>none: any program here may ask</source>
   <translation>없음: 이 컴퓨터의 모든 프로그램이 쓸 수 있음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/dataset.py" />
   <source>not chosen yet</source>
   <translation>아직 안 골랐어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training.py" />
   <source>not started yet</source>
   <translation>아직 시작 전</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/widgets/rail.py" />
   <source>not yet</source>
   <translation>아직</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/split_lines.py" />
   <source>nothing</source>
   <translation>없음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>of {rows}</source>
   <translation>/ {rows}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/field.py" />
   <source>off</source>
   <translation>끔</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <source>official</source>
   <translation>공식 지원</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/field.py" />
   <source>on</source>
   <translation>켬</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_cells.py" />
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <source>on disk</source>
   <translation>있음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/export_words.py" />
   <source>one smaller file for Ollama, LM Studio and llama.cpp</source>
   <translation>Ollama, LM Studio, llama.cpp용 작은 파일 하나예요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/export_words.py" />
   <source>only what was learned, a few MB; used with the base model</source>
   <translation>새로 배운 것만 담아 몇 MB예요. 사전학습 모델과 함께 써요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_preview.py" />
   <source>only you see it</source>
   <translation>나만 봐요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_dialog.py" />
   <source>owner/name</source>
   <translation>소유자/이름</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <source>owner/name, or a name</source>
   <translation>소유자/이름 또는 이름</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>paused; {time} done</source>
   <translation>잠시 멈춤, {time} 학습했어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>rate {rate} · {epochs}</source>
   <translation>학습률 {rate} · {epochs}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/results.py" />
   <location filename="../../finetune_studio/gui/pages/serve_card.py" />
   <source>ready</source>
   <translation>준비됐어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/results.py" />
   <source>recipe, events, checkpoints, result</source>
   <translation>레시피, 기록, 체크포인트, 결과</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/widgets/rail.py" />
   <source>running</source>
   <translation>진행 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>saved</source>
   <translation>저장됨</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/aside.py" />
   <source>saved and verified</source>
   <translation>저장됨, 확인됨</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/export_words.py" />
   <source>says something else</source>
   <translation>다름</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/export_words.py" />
   <source>says the same</source>
   <translation>같음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/scores.py" />
   <source>some forgotten</source>
   <translation>조금 잊음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training.py" />
   <source>step {step} of {steps}</source>
   <translation>{step} / {steps} 스텝</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>step {step}: {loss:.4f}</source>
   <translation>{step}스텝: {loss:.4f}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/export_words.py" />
   <source>the base model with what was learned worked into it: one whole model, 16 bits for each weight, that loads anywhere</source>
   <translation>배운 것을 사전학습 모델에 합친 온전한 모델이에요. 가중치마다 16비트이고, 어디서나 불러올 수 있어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <location filename="../../finetune_studio/gui/pages/loading_code.py" />
   <location filename="../../finetune_studio/gui/pages/serve_card.py" />
   <source>the run's result</source>
   <translation>이 실행의 결과</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <location filename="../../finetune_studio/gui/pages/model_list.py" />
   <source>this machine's processor</source>
   <translation>이 컴퓨터의 CPU</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_list.py" />
   <source>this machine: {gpu}</source>
   <translation>이 컴퓨터: {gpu}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <source>too slow without a GPU</source>
   <translation>GPU 없이는 너무 느림</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>took {time}</source>
   <translation>{time} 걸렸어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/trainer_log.py" />
   <source>trainer.log; not shown here: warnings of libraries ({count})</source>
   <translation>trainer.log · 라이브러리 경고 {count}개는 여기에 보이지 않아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>training</source>
   <translation>학습</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_words.py" />
   <source>unknown</source>
   <translation>알 수 없음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/curves.py" />
   <source>validation</source>
   <translation>검증</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/run_line.py" />
   <source>validation loss {loss:.2f}</source>
   <translation>검증 손실 {loss:.2f}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/aside.py" />
   <source>validation loss {loss:.3f} · saved and verified</source>
   <translation>검증 손실 {loss:.3f} · 저장됨, 확인됨</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer.py" />
   <source>waits for data</source>
   <translation>데이터를 기다려요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/export_words.py" />
   <source>what was learned alone, as GGUF: for a base model that is there as GGUF already</source>
   <translation>새로 배운 것만 담은 GGUF예요. 사전학습 모델이 이미 GGUF로 있을 때 써요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/export_words.py" />
   <source>what was learned as GGUF, and the base model as GGUF beside it</source>
   <translation>새로 배운 것만 담은 GGUF에 사전학습 모델의 GGUF를 함께 저장해요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_card.py" />
   <source>with the base model beside it</source>
   <translation>사전학습 모델과 나란히</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>yesterday</source>
   <translation>어제</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/chat_turn.py" />
   <source>your choice</source>
   <translation>고른 답변</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/setup.py" />
   <source>{build}, computed on: {devices}.</source>
   <translation>{build}, 계산해 본 장치: {devices}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_cells.py" />
   <source>{count} downloads</source>
   <translation>내려받기 {count}회</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/tokenizer_facts.py" />
   <source>{count} entries in the vocabulary</source>
   <translation>어휘 {count}개</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/amounts.py" />
   <source>{count} epochs</source>
   <translation>{count}에폭</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <source>{count} files, {size}</source>
   <translation>파일 {count}개, {size}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/split_lines.py" />
   <source>{count} of {rows}, not {meant}: each row's own content decides its side, so that it stays there when rows come or go, and equal rows are never on both.</source>
   <translation>{rows} 가운데 {meant}행이 아니라 {count}행이에요. 행의 내용으로 나누기 때문이에요. 그래서 행을 더하거나 빼도 나머지는 제자리에 있고, 같은 행이 양쪽에 놓이지 않아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_facts.py" />
   <source>{count} parameters</source>
   <translation>파라미터 {count}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/files_card.py" />
   <source>{count} to learn from</source>
   <translation>학습 {count}행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/files_card.py" />
   <source>{count} to measure on</source>
   <translation>검증 {count}행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>{count} tokens</source>
   <translation>토큰 {count}개</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/token_card.py" />
   <source>{count} tokens are cut off</source>
   <translation>토큰 {count}개가 잘려요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/aside.py" />
   <source>{count} tokens/s</source>
   <translation>{count}토큰/초</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <location filename="../../finetune_studio/gui/pages/model_progress.py" />
   <location filename="../../finetune_studio/gui/pages/setup_progress.py" />
   <source>{done} of {size}</source>
   <translation>{size} 중 {done}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>{epochs} × {steps}</source>
   <translation>{epochs} × {steps}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/rows_card.py" />
   <source>{fault}, as they stand in the file</source>
   <translation>{fault}: 파일에 있는 그대로</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <source>{free} free now, {left}</source>
   <translation>지금 쓸 수 있는 {free}에서 {left}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_fp8.py" />
   <source>{gpu} has compute capability {have}; {need} is needed.</source>
   <translation>{gpu}의 연산 능력(compute capability)은 {have}이고, {need} 이상이면 돼요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/lengths.py" />
   <source>{length} tokens are more than these rows need</source>
   <translation>{length} 토큰은 이 데이터에 필요 이상이에요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/lengths.py" />
   <source>{length} tokens suit these rows</source>
   <translation>{length} 토큰이 이 데이터에 맞아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method.py" />
   <source>{method} is advised</source>
   <translation>{method}: 추천</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_progress.py" />
   <source>{model} is being downloaded</source>
   <translation>{model}: 내려받는 중</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model.py" />
   <source>{model} is on this disk, checked.</source>
   <translation>{model}: 디스크에 있고 해시도 맞아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_progress.py" />
   <source>{model} is paused</source>
   <translation>{model}: 잠시 멈춤</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/export_line.py" />
   <source>{names} and {count} more</source>
   <translation>{names} 외 {count}개</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/history.py" />
   <source>{name}: its checkpoints and its result go for good.</source>
   <translation>{name}: 체크포인트와 결과가 모두 사라져요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_place.py" />
   <source>{place}, {free} free</source>
   <translation>{place}, 여유 {free}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/field.py" />
   <location filename="../../finetune_studio/gui/widgets/number.py" />
   <source>{refusal} It takes a number {bounds}.</source>
   <translation>{refusal} 넣을 수 있는 수: {bounds}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/lengths.py" />
   <source>{row:.1f} tokens a row</source>
   <translation>행마다 토큰 {row:.1f}개</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/lengths.py" />
   <source>{row:.1f} tokens a row, the fewest</source>
   <translation>행마다 토큰 {row:.1f}개, 가장 적어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/lengths.py" />
   <source>{row:.1f} tokens a row, {cost:.2f} times the cheapest</source>
   <translation>행마다 토큰 {row:.1f}개, 가장 적은 것의 {cost:.2f}배</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/convert_card.py" />
   <source>{rows} are in {name}</source>
   <translation>{name}에 {rows}을 저장했어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/lengths.py" />
   <source>{rows} cut at {length} tokens</source>
   <translation>{rows}이 {length}토큰에서 잘려요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/notices.py" />
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>{rows} left out</source>
   <translation>{rows} 뺌</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/convert_card.py" />
   <source>{rows} left out: {why}.</source>
   <translation>{rows}이 빠졌어요: {why}.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/notices.py" />
   <location filename="../../finetune_studio/gui/repairs.py" />
   <source>{rows} mended</source>
   <translation>{rows} 고침</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/dataset.py" />
   <source>{rows} of {all} rows</source>
   <translation>{all}행 중 {rows}행</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/quality_card.py" />
   <source>{rows} were looked at</source>
   <translation>{rows}을 모두 살펴봤어요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/quality_card.py" />
   <source>{rows}: looking at all of them takes minutes</source>
   <translation>{rows}이라 모두 살펴보는 데 몇 분 걸려요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/field.py" />
   <location filename="../../finetune_studio/gui/widgets/number.py" />
   <source>{setting} cannot be empty; it stays at {now}.</source>
   <translation>{setting}은(는) 비워 둘 수 없어서 {now} 그대로예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/field.py" />
   <location filename="../../finetune_studio/gui/widgets/number.py" />
   <source>{setting} cannot be {text}; it stays at {now}.</source>
   <translation>{setting}에 {text}은(는) 넣을 수 없어서 {now} 그대로예요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>{share} of {all}</source>
   <translation>전체 {all}의 {share}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_list.py" />
   <source>{shown} of {all}</source>
   <translation>{all}개 중 {shown}개</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_kept.py" />
   <source>{size} are free again.</source>
   <translation>{size}를 비웠어요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_kept.py" />
   <source>{size} become free. Projects that use it download it again when they train.</source>
   <translation>{size}가 비워져요. 이 모델을 쓰는 프로젝트는 학습할 때 다시 내려받아요.</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/plan_panel.py" />
   <source>{size} free</source>
   <translation>여유 {size}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_kept.py" />
   <source>{size} in all, in the Hub's cache</source>
   <translation>모두 {size}, Hub 캐시</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/export_line.py" />
   <source>{size} in {path}</source>
   <translation>{path}에 {size}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_fp8.py" />
   <source>{size} less memory</source>
   <translation>메모리 {size} 절약</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_kept.py" />
   <source>{size} of it unfinished</source>
   <translation>그중 {size}는 받다 만 것</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <source>{size} short</source>
   <translation>{size} 모자라요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_card.py" />
   <source>{size} to spare</source>
   <translation>{size} 남아요</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/trainer_log.py" />
   <source>{step} (best)</source>
   <translation>{step}(가장 좋음)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/samples.py" />
   <source>{step} (now)</source>
   <translation>{step}(지금)</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/outcomes.py" />
   <source>{times} times higher</source>
   <translation>{times}배 높음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/outcomes.py" />
   <source>{times} times lower</source>
   <translation>{times}분의 1</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/evaluating.py" />
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <location filename="../../finetune_studio/gui/pages/model_progress.py" />
   <location filename="../../finetune_studio/gui/pages/setup_progress.py" />
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>{time} left</source>
   <translation>{time} 남음</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_cells.py" />
   <source>{tokens} context</source>
   <translation>문맥 {tokens}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/method_levels.py" />
   <source>{value}, off by {error}</source>
   <translation>{value}, 오차 {error}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/model_details.py" />
   <source>{verdict} with {method} on {place}</source>
   <translation>{place}에서 {method}: {verdict}</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/waiting.py" />
   <source>{what} {time} so far</source>
   <translation>{what} {time}째</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/export_line.py" />
   <location filename="../../finetune_studio/gui/pages/hub_card.py" />
   <location filename="../../finetune_studio/gui/pages/training_status.py" />
   <source>{what} …</source>
   <translation>{what}…</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>× epochs</source>
   <translation>× 에폭</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/hyperparameters.py" />
   <source>÷ effective batch</source>
   <translation>÷ 유효 배치 크기</translation>
  </message>
  <message>
   <location filename="../../finetune_studio/gui/pages/layout_card.py" />
   <location filename="../../finetune_studio/gui/pages/sheets.py" />
   <source>– choose –</source>
   <translation>– 고르기 –</translation>
  </message>
 </context>
</TS>
