do -- fence variant=up generation=0 site=customer-13 (generated, do not edit)
end
