@echo off
rem Paadje for a command prompt or a script.
setlocal
set PYTHONDONTWRITEBYTECODE=1
"%~dp0python\python.exe" -X utf8 -m launcher %*
exit /b %errorlevel%
