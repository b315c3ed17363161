; The installer for Windows 10 and 11 (x64). For one user, without an administrator and without a
; network: it only copies files.
;
;   /S                 silent: no question is asked, models and data are never touched
;   /D=C:\some\folder  another place (as the last switch, without quotes)
;   /NOKIT             do not take over the models that lie beside this file
; Uninstall.exe also takes
;   /EVERYTHING        remove models, settings and data too
;   /RECEIPT=file      write what was freed and what is left to a file
;
; Exit codes: 0 done, 10 a lesson runs, 11 Paadje is open, 2 anything else.

Unicode true
Target amd64-unicode
!ifdef FAST
  SetCompressor zlib
!else
  SetCompressor /SOLID lzma
  SetCompressorDictSize 64
!endif
ManifestDPIAware true
ManifestSupportedOS all
RequestExecutionLevel user

!include MUI2.nsh
!include LogicLib.nsh
!include FileFunc.nsh

Name "Paadje"
OutFile "${OUTFILE}"
InstallDir "$LOCALAPPDATA\Programs\Paadje"
InstallDirRegKey HKCU "Software\Paadje" "InstallDir"
BrandingText "Paadje ${VERSION}"
VIProductVersion "${FILE_VERSION}"
VIAddVersionKey /LANG=0 "ProductName" "Paadje"
VIAddVersionKey /LANG=0 "ProductVersion" "${VERSION}"
VIAddVersionKey /LANG=0 "FileVersion" "${VERSION}"
VIAddVersionKey /LANG=0 "FileDescription" "Paadje"
VIAddVersionKey /LANG=0 "LegalCopyright" "Apache-2.0"

!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\Paadje"
!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_WELCOMEPAGE_TEXT "$(WelcomeText)"
!define MUI_FINISHPAGE_RUN
!define MUI_FINISHPAGE_RUN_TEXT "$(RunText)"
!define MUI_FINISHPAGE_RUN_FUNCTION StartPaadje
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "Dutch"
!insertmacro MUI_LANGUAGE "English"

LangString WelcomeText ${LANG_DUTCH} "Paadje komt alleen voor jou op deze computer te staan. Je hebt geen beheerder en geen internet nodig.$\r$\n$\r$\nModellen die je al hebt, blijven bewaard."
LangString WelcomeText ${LANG_ENGLISH} "Paadje will be put on this computer for you only. You need no administrator and no internet.$\r$\n$\r$\nModels that you already have are kept."
LangString RunText ${LANG_DUTCH} "Paadje openen"
LangString RunText ${LANG_ENGLISH} "Open Paadje"
LangString LessonRuns ${LANG_DUTCH} "Er draait nog een les. Stop die eerst in Paadje, en probeer het dan opnieuw. Er is niets veranderd."
LangString LessonRuns ${LANG_ENGLISH} "A lesson is still running. Stop it in Paadje first, then try again. Nothing has changed."
LangString ProgramRuns ${LANG_DUTCH} "Paadje staat nog open. Sluit het eerst, en probeer het dan opnieuw. Er is niets veranderd."
LangString ProgramRuns ${LANG_ENGLISH} "Paadje is still open. Close it first, then try again. Nothing has changed."
LangString CopyFailed ${LANG_DUTCH} "Het neerzetten lukte niet. Is er nog ruimte op de schijf? Je hebt ongeveer 400 MB nodig. Er is niets veranderd."
LangString CopyFailed ${LANG_ENGLISH} "Putting the files there did not work. Does the disk have room? You need about 400 MB. Nothing has changed."
LangString DoesNotWork ${LANG_DUTCH} "Deze versie werkt niet op deze computer. Er is niets veranderd."
LangString DoesNotWork ${LANG_ENGLISH} "This version does not work on this computer. Nothing has changed."
LangString DataLeft ${LANG_DUTCH} "Je modellen en gegevens konden niet worden verwijderd. Ze staan in $LOCALAPPDATA\Paadje."
LangString DataLeft ${LANG_ENGLISH} "Your models and data could not be removed. They are in $LOCALAPPDATA\Paadje."
LangString KitFound ${LANG_DUTCH} "Naast dit bestand staan ook modellen. Wil je die overnemen? Dat kan een paar minuten duren."
LangString KitFound ${LANG_ENGLISH} "There are models beside this file too. Do you want to take them over? It can take a few minutes."
LangString AskEverything ${LANG_DUTCH} "Wil je ook je modellen, instellingen en gegevens verwijderen?"
LangString AskEverything ${LANG_ENGLISH} "Do you want to remove your models, settings and data too?"

Var Code
Var Program
Var WithKit
Var Everything
Var ReceiptFile

; Paths go in without a trailing backslash, so that the quotes stay what they are.
!macro Helper arguments
  nsExec::ExecToLog '"$Program\python\python.exe" -X utf8 -m launcher.installer ${arguments}'
  Pop $Code
!macroend

!macro RefuseWhenBusy
  ${If} $Code == 10
    MessageBox MB_OK|MB_ICONINFORMATION "$(LessonRuns)" /SD IDOK
  ${ElseIf} $Code == 11
    MessageBox MB_OK|MB_ICONINFORMATION "$(ProgramRuns)" /SD IDOK
  ${EndIf}
!macroend

Function .onInit
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/NOKIT" $1
  StrCpy $WithKit yes
  ${IfNot} ${Errors}
    StrCpy $WithKit no
  ${EndIf}
FunctionEnd

Section "Paadje"
  SetShellVarContext current
  ; An update that was cut off between its two last steps: the old one counts.
  ${IfNot} ${FileExists} "$INSTDIR\app\VERSION"
  ${AndIf} ${FileExists} "$INSTDIR\app.old\VERSION"
    Rename "$INSTDIR\app.old" "$INSTDIR\app"
  ${EndIf}
  RMDir /r "$INSTDIR\app.new"
  RMDir /r "$INSTDIR\app.old"

  ; Everything is copied before anything of the old version changes.
  SetOutPath "$INSTDIR\app.new"
  ClearErrors
  File /r "${PAYLOAD}\*.*"
  ${If} ${Errors}
    SetOutPath "$TEMP"
    RMDir /r "$INSTDIR\app.new"
    MessageBox MB_OK|MB_ICONSTOP "$(CopyFailed)" /SD IDOK
    SetErrorLevel 2
    Quit
  ${EndIf}
  SetOutPath "$INSTDIR"

  StrCpy $Program "$INSTDIR\app.new"
  ${If} ${FileExists} "$INSTDIR\app\VERSION"
    !insertmacro Helper 'busy "$INSTDIR\app"'
    ${If} $Code != 0
      RMDir /r "$INSTDIR\app.new"
      !insertmacro RefuseWhenBusy
      ${If} $Code == 10
      ${OrIf} $Code == 11
        SetErrorLevel $Code
      ${Else}
        MessageBox MB_OK|MB_ICONSTOP "$(DoesNotWork)" /SD IDOK
        SetErrorLevel 2
      ${EndIf}
      Quit
    ${EndIf}
    ClearErrors
    Rename "$INSTDIR\app" "$INSTDIR\app.old"
    ${If} ${Errors}
      ; A file of the old version is open in some program.
      RMDir /r "$INSTDIR\app.new"
      MessageBox MB_OK|MB_ICONINFORMATION "$(ProgramRuns)" /SD IDOK
      SetErrorLevel 11
      Quit
    ${EndIf}
  ${EndIf}
  ClearErrors
  Rename "$INSTDIR\app.new" "$INSTDIR\app"
  ${If} ${Errors}
    Rename "$INSTDIR\app.old" "$INSTDIR\app"
    RMDir /r "$INSTDIR\app.new"
    MessageBox MB_OK|MB_ICONSTOP "$(CopyFailed)" /SD IDOK
    SetErrorLevel 2
    Quit
  ${EndIf}
  RMDir /r "$INSTDIR\app.old"
  StrCpy $Program "$INSTDIR\app"

  CreateShortcut "$SMPROGRAMS\Paadje.lnk" "$INSTDIR\app\paadje-window.cmd" "" "$INSTDIR\app\paadje.ico"
  CreateShortcut "$DESKTOP\Paadje.lnk" "$INSTDIR\app\paadje-window.cmd" "" "$INSTDIR\app\paadje.ico"
  WriteUninstaller "$INSTDIR\Uninstall.exe"
  WriteRegStr HKCU "Software\Paadje" "InstallDir" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayName" "Paadje"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayIcon" "$INSTDIR\app\paadje.ico"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\Uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\Uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "EstimatedSize" ${SIZE_KIB}
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoRepair" 1

  ${If} $WithKit == yes
    ${If} ${FileExists} "$EXEDIR\models\kit.json"
      StrCpy $0 "$EXEDIR\models"
    ${ElseIf} ${FileExists} "$EXEDIR\..\models\kit.json"
      StrCpy $0 "$EXEDIR\..\models"
    ${Else}
      StrCpy $0 ""
    ${EndIf}
    ${If} $0 != ""
    ${AndIf} ${Cmd} `MessageBox MB_YESNO|MB_ICONQUESTION "$(KitFound)" /SD IDYES IDYES`
      !insertmacro Helper 'import-kit "$0"'
    ${EndIf}
  ${EndIf}
SectionEnd

Function StartPaadje
  ExecShell "open" "$SMPROGRAMS\Paadje.lnk"
FunctionEnd

Function un.onInit
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/EVERYTHING" $1
  StrCpy $Everything no
  ${IfNot} ${Errors}
    StrCpy $Everything yes
  ${EndIf}
  ClearErrors
  ${GetOptions} $0 "/RECEIPT=" $ReceiptFile
FunctionEnd

Section "un.Paadje"
  SetShellVarContext current
  StrCpy $Program "$INSTDIR\app"
  ${If} $Everything == no
    MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "$(AskEverything)" /SD IDNO IDNO keep
    StrCpy $Everything yes
    keep:
  ${EndIf}
  StrCpy $1 "--keep"
  ${If} $Everything == yes
    StrCpy $1 "--everything"
  ${EndIf}
  InitPluginsDir
  StrCpy $2 "$PLUGINSDIR\receipt.txt"
  ${If} $ReceiptFile != ""
    StrCpy $2 "$ReceiptFile"
  ${EndIf}
  !insertmacro Helper 'uninstall "$INSTDIR" $1 --receipt "$2"'
  ${If} $Code == 10
  ${OrIf} $Code == 11
    !insertmacro RefuseWhenBusy
    SetErrorLevel $Code
    Quit
  ${ElseIf} $Code != 0
  ${AndIf} $Everything == yes
    ; A broken program must be removable too, but nobody may think that the data is gone.
    MessageBox MB_OK|MB_ICONSTOP "$(DataLeft)" /SD IDOK
    SetErrorLevel 2
  ${EndIf}

  SetOutPath "$TEMP"
  RMDir /r "$INSTDIR\app"
  RMDir /r "$INSTDIR\app.new"
  RMDir /r "$INSTDIR\app.old"
  Delete "$INSTDIR\Uninstall.exe"
  RMDir "$INSTDIR"
  ; Only when it is empty: this folder belongs to all programs of this user.
  RMDir "$INSTDIR\.."
  Delete "$SMPROGRAMS\Paadje.lnk"
  Delete "$DESKTOP\Paadje.lnk"
  DeleteRegKey HKCU "${UNINSTALL_KEY}"
  DeleteRegKey HKCU "Software\Paadje"

  ${If} ${FileExists} "$2"
    StrCpy $3 ""
    FileOpen $4 "$2" r
    ${Do}
      ClearErrors
      FileReadUTF16LE $4 $5
      ${If} ${Errors}
        ${ExitDo}
      ${EndIf}
      StrCpy $3 "$3$5"
    ${Loop}
    FileClose $4
    MessageBox MB_OK|MB_ICONINFORMATION "$3" /SD IDOK
  ${EndIf}
SectionEnd
