; Installs Finetune Studio for one person, without an administrator. Compiled on Linux by makensis:
;   makensis -DVERSION=... -DPROGRAM=folder -DICON=file.ico -DOUT=setup.exe installer.nsi
; /S installs silently; /NOSETUP leaves the environment to the first start; /PYTHON=path uses that
; Python instead of fetching one (for a computer without a network).
Unicode true
Target amd64-unicode
ManifestDPIAware true
ManifestLongPathAware true
!define APP "Finetune Studio"
!define ID "FinetuneStudio"
!define PROGID "FinetuneStudio.Recipe"
!define PY "3.12"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\${ID}"
!define DATA "$LOCALAPPDATA\finetune-studio"
!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
Name "${APP}"
OutFile "${OUT}"
SetCompressor /SOLID lzma
RequestExecutionLevel user
InstallDir "$LOCALAPPDATA\Programs\${ID}"
InstallDirRegKey HKCU "Software\${ID}" "InstallDir"
ShowInstDetails show
VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "${APP}"
VIAddVersionKey "FileDescription" "${APP} setup"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "LegalCopyright" "The ${APP} authors, Apache-2.0"
!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_FINISHPAGE_RUN "${DATA}\window\Scripts\pythonw.exe"
!define MUI_FINISHPAGE_RUN_PARAMETERS "-P -m finetune_studio gui"
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "Korean"

LangString FETCHING ${LANG_ENGLISH} "Fetching a private Python ${PY} ..."
LangString FETCHING ${LANG_KOREAN} "전용 Python ${PY}을 받고 있어요 ..."
LangString PREPARING ${LANG_ENGLISH} "Installing the window ..."
LangString PREPARING ${LANG_KOREAN} "창에 필요한 것을 설치하고 있어요 ..."
LangString NO_PYTHON ${LANG_ENGLISH} "Python could not be fetched. Connect to the internet and run the setup again; it goes on where it was."
LangString NO_PYTHON ${LANG_KOREAN} "Python을 받지 못했어요. 인터넷에 연결하고 설치 파일을 다시 실행하면 이어서 해요."
LangString NO_WINDOW ${LANG_ENGLISH} "The window could not be installed. The log is ${DATA}\setup.log. Run the setup again to go on."
LangString NO_WINDOW ${LANG_KOREAN} "창에 필요한 것을 설치하지 못했어요. 기록은 ${DATA}\setup.log에 있어요. 설치 파일을 다시 실행하면 이어서 해요."
LangString RUNS ${LANG_ENGLISH} "${APP} is open. Close it and its trainings, then try again."
LangString RUNS ${LANG_KOREAN} "${APP}가 열려 있어요. 창과 학습을 닫고 다시 시도해 주세요."
LangString ASK_RUNS ${LANG_ENGLISH} "Remove your runs, trained models, projects and preferences as well?$\r$\n${DATA}"
LangString ASK_RUNS ${LANG_KOREAN} "실행 기록과 학습한 모델, 프로젝트, 환경 설정도 지울까요?$\r$\n${DATA}"

Function .onInit
  Call CloseFirst
FunctionEnd

; A program that runs holds its own file: it can then not be opened for writing.
!macro CLOSE_FIRST UN
Function ${UN}CloseFirst
  again:
  IfFileExists "${DATA}\window\Scripts\pythonw.exe" 0 closed
  ClearErrors
  FileOpen $0 "${DATA}\window\Scripts\pythonw.exe" a
  IfErrors 0 free
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(RUNS)" /SD IDCANCEL IDRETRY again
  SetErrorLevel 5
  Quit
  free:
  FileClose $0
  closed:
FunctionEnd
!macroend
!insertmacro CLOSE_FIRST ""
!insertmacro CLOSE_FIRST "un."

Section "-program"
  SetOutPath "$INSTDIR"
  Delete "$INSTDIR\finetune_studio-*.whl"
  File /r "${PROGRAM}/*.*"
  File "/oname=finetune-studio.ico" "${ICON}"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKCU "Software\${ID}" "InstallDir" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "${APP}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "The ${APP} authors"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\finetune-studio.ico"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" $0
  ; Recipes are YAML: the program is offered for them, and takes no one else's place.
  WriteRegStr HKCU "Software\Classes\${PROGID}" "" "${APP} recipe"
  WriteRegStr HKCU "Software\Classes\${PROGID}\DefaultIcon" "" "$INSTDIR\finetune-studio.ico"
  WriteRegStr HKCU "Software\Classes\${PROGID}\shell\open\command" "" '"${DATA}\window\Scripts\pythonw.exe" -P -m finetune_studio gui "%1"'
  WriteRegStr HKCU "Software\Classes\.yaml\OpenWithProgids" "${PROGID}" ""
  WriteRegStr HKCU "Software\Classes\.yml\OpenWithProgids" "${PROGID}" ""
  SetOutPath "${DATA}"
  CreateShortcut "$SMPROGRAMS\${APP}.lnk" "${DATA}\window\Scripts\pythonw.exe" "-P -m finetune_studio gui" "$INSTDIR\finetune-studio.ico"
SectionEnd

Section "-environment"
  ${GetParameters} $R0
  ClearErrors
  ${GetOptions} $R0 "/NOSETUP" $R1
  IfErrors 0 done
  System::Call 'kernel32::SetEnvironmentVariable(t "UV_PYTHON_INSTALL_DIR", t "${DATA}\python")'
  System::Call 'kernel32::SetEnvironmentVariable(t "UV_PYTHON_INSTALL_REGISTRY", t "0")'
  System::Call 'kernel32::SetEnvironmentVariable(t "UV_CACHE_DIR", t "${DATA}\setup-work-window\cache")'
  System::Call 'kernel32::SetEnvironmentVariable(t "PYTHONUTF8", t "1")'
  System::Call 'kernel32::SetEnvironmentVariable(t "PYTHONPATH", p 0)'
  ClearErrors
  ${GetOptions} $R0 "/PYTHON=" $R2
  ${If} ${Errors}
    DetailPrint "$(FETCHING)"
    nsExec::ExecToLog '"$INSTDIR\uv.exe" python install --no-config --system-certs --no-progress --no-bin ${PY}'
    Pop $0
    ${If} $0 <> 0
      SetErrorLevel 3
      MessageBox MB_ICONEXCLAMATION "$(NO_PYTHON)" /SD IDOK
      Abort "$(NO_PYTHON)"
    ${EndIf}
    DetailPrint "$(PREPARING)"
    nsExec::ExecToLog '"$INSTDIR\uv.exe" run --no-config --no-project --managed-python --python ${PY} "$INSTDIR\start.py" --prepare'
  ${Else}
    DetailPrint "$(PREPARING)"
    nsExec::ExecToLog '"$R2" "$INSTDIR\start.py" --prepare'
  ${EndIf}
  Pop $0
  ${If} $0 <> 0
    SetErrorLevel 4
    MessageBox MB_ICONEXCLAMATION "$(NO_WINDOW)" /SD IDOK
    Abort "$(NO_WINDOW)"
  ${EndIf}
  done:
SectionEnd

Function un.onInit
  Call un.CloseFirst
FunctionEnd

Section "Uninstall"
  ; PyTorch may lie on another drive, which the program itself knows.
  IfFileExists "${DATA}\window\Scripts\python.exe" 0 asked
  again:
  nsExec::ExecToLog '"${DATA}\window\Scripts\python.exe" -P -m finetune_studio setup remove --yes --keep-window'
  Pop $0
  ${If} $0 == 2 ; it refuses while a training or a set-up is at work
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(RUNS)" /SD IDCANCEL IDRETRY again
    SetErrorLevel 5
    Quit
  ${EndIf}
  asked:
  ; The person's own things stay unless they say otherwise; silently they stay.
  MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "$(ASK_RUNS)" /SD IDNO IDNO keep
  RMDir /r "${DATA}\runs"
  Delete "${DATA}\exports.json"
  RMDir /r "${DATA}\projects"
  Delete "${DATA}\preferences.json"
  keep:
  RMDir /r "${DATA}\window"
  RMDir /r "${DATA}\environment"
  RMDir /r "${DATA}\environment.new"
  RMDir /r "${DATA}\environment.old"
  RMDir /r "${DATA}\python"
  RMDir /r "${DATA}\llama"
  RMDir /r "${DATA}\cache"
  RMDir /r "${DATA}\setup-work"
  RMDir /r "${DATA}\setup-work-window"
  Delete "${DATA}\setup.log"
  Delete "${DATA}\setup.json"
  Delete "${DATA}\last-error.txt"
  Delete "${DATA}\.setting-up"
  RMDir "${DATA}"
  Delete "$SMPROGRAMS\${APP}.lnk"
  Delete "$INSTDIR\finetune_studio-*.whl"
  RMDir /r "$INSTDIR\wheels"
  Delete "$INSTDIR\uv.exe"
  Delete "$INSTDIR\uvw.exe"
  Delete "$INSTDIR\uv-LICENSE-APACHE"
  Delete "$INSTDIR\uv-LICENSE-MIT"
  Delete "$INSTDIR\LICENSE"
  Delete "$INSTDIR\window.txt"
  Delete "$INSTDIR\training.txt"
  Delete "$INSTDIR\speed.txt"
  Delete "$INSTDIR\torch-index.txt"
  Delete "$INSTDIR\start.py"
  Delete "$INSTDIR\id"
  Delete "$INSTDIR\finetune-studio.ico"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  DeleteRegValue HKCU "Software\Classes\.yaml\OpenWithProgids" "${PROGID}"
  DeleteRegValue HKCU "Software\Classes\.yml\OpenWithProgids" "${PROGID}"
  DeleteRegKey HKCU "Software\Classes\${PROGID}"
  DeleteRegKey HKCU "${UNINSTALL}"
  DeleteRegKey HKCU "Software\${ID}"
SectionEnd
