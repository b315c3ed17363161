@echo off
rem What the icon starts: an error stays readable.
title Paadje
set PYTHONDONTWRITEBYTECODE=1
"%~dp0python\python.exe" -X utf8 -m launcher %*
if errorlevel 1 pause
